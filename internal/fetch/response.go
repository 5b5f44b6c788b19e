package fetch

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// remoteError is trouble with the other side.
type remoteError struct {
	err   error
	again bool          // another request may help
	after time.Duration // but not before
}

func (e *remoteError) Error() string { return e.err.Error() }
func (e *remoteError) Unwrap() error { return e.err }

// longestWait bounds what a server may ask us to wait.
const longestWait = time.Minute

// accept makes p ready for the body of an answer, or says why there is none.
func accept(resp *http.Response, p *part, file File) error {
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
		if resp.ContentLength >= 0 && resp.ContentLength != file.Size {
			return &remoteError{err: fmt.Errorf("%d bytes, want %d: another file than the pinned one", resp.ContentLength, file.Size)}
		}
		if p.size > 0 { // no ranges there, or the file is another one now
			if err := p.restart(); err != nil {
				return err
			}
		}
		p.validator = validator(resp.Header)
		return nil

	case code == http.StatusPartialContent && p.size > 0:
		start, total, err := contentRange(resp.Header.Get("Content-Range"))
		if err != nil {
			return &remoteError{err: err}
		}
		if total >= 0 && total != file.Size {
			return &remoteError{err: fmt.Errorf("%d bytes in all, want %d: another file than the pinned one", total, file.Size)}
		}
		if start != p.size {
			return &remoteError{err: fmt.Errorf("asked for the bytes from %d, got those from %d", p.size, start)}
		}
		p.validator, p.pieced = validator(resp.Header), true
		return nil

	case code == http.StatusRequestedRangeNotSatisfiable && p.size > 0:
		if err := p.restart(); err != nil {
			return err
		}
		return &remoteError{err: fmt.Errorf("%s", resp.Status), again: true}

	case code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code >= 500:
		return &remoteError{err: fmt.Errorf("%s", resp.Status), again: true, after: retryAfter(resp.Header)}
	}
	return &remoteError{err: fmt.Errorf("%s", resp.Status)}
}

// validator is what If-Range may name: a strong ETag, else the date (RFC 9110,
// section 13.1.5).
func validator(h http.Header) string {
	if tag := h.Get("ETag"); tag != "" {
		if strings.HasPrefix(tag, "W/") {
			return ""
		}
		return tag
	}
	return h.Get("Last-Modified")
}

// contentRange reads "bytes first-last/total"; total is -1 where it is "*".
func contentRange(value string) (first, total int64, err error) {
	bad := fmt.Errorf("header Content-Range: %.80q", value)
	rest, ok := strings.CutPrefix(value, "bytes ")
	if !ok {
		return 0, 0, bad
	}
	span, all, ok := strings.Cut(rest, "/")
	if !ok {
		return 0, 0, bad
	}
	from, _, ok := strings.Cut(span, "-")
	if !ok {
		return 0, 0, bad
	}
	if first, err = strconv.ParseInt(from, 10, 64); err != nil || first < 0 {
		return 0, 0, bad
	}
	if all == "*" {
		return first, -1, nil
	}
	if total, err = strconv.ParseInt(all, 10, 64); err != nil || total < 0 {
		return 0, 0, bad
	}
	return first, total, nil
}

// retryAfter is the wait that a server asks for, bounded.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return min(time.Duration(min(seconds, 3600))*time.Second, longestWait)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), 0), longestWait)
	}
	return 0
}
