// Package wordpiece cuts texts into the tokens of an encoder of BERT's family
// (BERT, DistilBERT, MiniLM) and says where in the text each of them stands.
//
// It reads a folder as Hugging Face lays it out: tokenizer.json, or vocab.txt
// with tokenizer_config.json beside it. Ids and offsets are those of the Python
// library tokenizers 0.23.3, character by character of Unicode; what that library
// could do and this package cannot is refused when the folder is opened.
//
//	t, err := wordpiece.Open("data/raw/minilm-l6")
//	if err != nil {
//		return err
//	}
//	tokens, err = t.Encode(tokens[:0], "The pasta was great.", 128)
//
// The steps are those of https://huggingface.co/docs/tokenizers/pipeline: added
// tokens are found in the text as it is, what lies between them is normalised and
// cut into words, and each word is cut into the longest pieces of the vocabulary
// from the left (Devlin et al. 2019, https://github.com/google-research/bert).
//
// It is our own because no Go module was found that does this without cgo:
// github.com/sugarme/tokenizer v0.3.0, the nearest, gave other ids than Python for
// 2 of the 11,390 sentences of SemEval and MAMS and for 14,192 of the 30,000 random
// texts of the tests here, and panicked at 111 of these.
//
// It does not train a vocabulary, does not turn ids back into text, and does not
// pad: the truncation and padding that tokenizer.json names are not read, since
// who makes a batch decides on them.
package wordpiece
