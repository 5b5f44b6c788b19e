package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// download gets a file over HTTP. It goes on from a .part file left by an
// earlier call. What another run left has no validator, and needs none: the
// pinned SHA-256 tells whether the pieces belong together, and if not, the
// file is fetched once more from its first byte.
func (f *Fetcher) download(ctx context.Context, file File) error {
	address, err := f.address(file.URL)
	if err != nil {
		return err
	}
	target := file.in(f.dir())
	p, err := openPart(target + ".part")
	if err != nil {
		return err
	}
	defer p.close()
	if p.size > file.Size {
		if err := p.restart(); err != nil {
			return err
		}
	}
	if p.size > 0 {
		f.log("%s: going on after %d of %d bytes", target, p.size, file.Size)
	}
	for restarted := false; ; restarted = true {
		if err := f.complete(ctx, address, p, file); err != nil {
			return err
		}
		err := verify(ctx, p.path, file)
		if err == nil {
			return p.publish(target)
		}
		var wrong *mismatchError
		if !errors.As(err, &wrong) {
			return err
		}
		if restarted || !p.pieced {
			p.remove()
			return &remoteError{err: fmt.Errorf("GET %s: another file than the pinned one: %s %s, want %s", address, wrong.what, wrong.got, wrong.want)}
		}
		f.log("%s: the pieces do not fit, starting anew", target)
		if err := p.restart(); err != nil {
			return err
		}
	}
}

// address is the URL with BaseURL's scheme and host in place of its own.
func (f *Fetcher) address(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", err
	}
	if f.BaseURL == "" {
		return raw, nil
	}
	base, err := url.Parse(f.BaseURL)
	if err != nil {
		return "", fmt.Errorf("base URL: %w", err)
	}
	u.Scheme, u.Host = base.Scheme, base.Host
	return u.String(), nil
}

// complete requests what p lacks until it has all bytes, a bounded number of times.
func (f *Fetcher) complete(ctx context.Context, address string, p *part, file File) error {
	client := f.client()
	attempts, pause := f.Attempts, f.Pause
	if attempts <= 0 {
		attempts = 5
	}
	if pause <= 0 {
		pause = time.Second
	}
	for attempt := 1; p.size < file.Size; attempt++ {
		err := f.request(ctx, client, address, p, file)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: stopped after %d of %d bytes, the next run goes on from there: %w", file.in(f.dir()), p.size, file.Size, context.Cause(ctx))
		}
		var remote *remoteError
		if !errors.As(err, &remote) || !remote.again {
			return err
		}
		if attempt == attempts {
			return fmt.Errorf("%w (%d attempts)", err, attempts)
		}
		wait := max(pause, remote.after)
		f.log("%v; again in %v", err, wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done(): // the next request says so
		}
		pause *= 2
	}
	return nil
}

// request makes one request for what p lacks and writes the answer to p.
func (f *Fetcher) request(ctx context.Context, client *http.Client, address string, p *part, file File) error {
	stall := f.Stall
	if stall <= 0 {
		stall = 30 * time.Second
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(stall, func() { cancel(fmt.Errorf("nothing came for %v", stall)) })
	defer watch.Stop()

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "absa")
	req.Header.Set("Accept-Encoding", "identity") // sizes and ranges are of the file itself
	if p.size > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", p.size))
		if p.validator != "" {
			req.Header.Set("If-Range", p.validator)
		}
	}
	resp, err := client.Do(req)
	if err != nil {
		return &remoteError{err: because(ctx, err), again: true}
	}
	defer resp.Body.Close()
	if err := accept(resp, p, file); err != nil {
		var remote *remoteError
		if errors.As(err, &remote) {
			remote.err = fmt.Errorf("GET %s: %w", address, remote.err)
		}
		return err
	}

	buffer := make([]byte, 64<<10)
	for {
		n, err := resp.Body.Read(buffer)
		watch.Reset(stall)
		if p.size+int64(n) > file.Size {
			return &remoteError{err: fmt.Errorf("GET %s: more than the expected %d bytes", address, file.Size)}
		}
		if n > 0 {
			if err := p.append(buffer[:n]); err != nil {
				return err
			}
			f.progress(file, p.size)
		}
		switch {
		case err == io.EOF && p.size < file.Size: // a known length would have been missed
			return &remoteError{err: fmt.Errorf("GET %s: ends after %d of the expected %d bytes", address, p.size, file.Size), again: true}
		case err == io.EOF:
			return nil
		case err != nil:
			return &remoteError{err: fmt.Errorf("GET %s: after %d of %d bytes: %w", address, p.size, file.Size, because(ctx, err)), again: true}
		}
	}
}

// because is the reason for which the request was given up, if it was.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// client is the one to use: without a limit on the whole, which would depend
// on the file's size, but with limits on the parts.
func (f *Fetcher) client() *http.Client {
	if f.Client != nil {
		return f.Client
	}
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultClient
	}
	transport := standard.Clone() // proxies, and limits on dialling and TLS
	transport.ResponseHeaderTimeout = 30 * time.Second
	return &http.Client{Transport: transport}
}
