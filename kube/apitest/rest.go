package apitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"hypervisor-tui/internal/await"
)

// Object is one object of the API, as JSON has it.
type Object = map[string]any

// Create makes an object in a collection such as /api/v1/namespaces/vms/pods. One that is there already is left as it is.
func (c *Cluster) Create(collection string, o Object) {
	c.t.Helper()
	err := c.try(http.MethodPost, collection, "application/json", o, nil)
	if s, ok := err.(*status); ok && s.code == http.StatusConflict {
		return
	}
	c.check(err)
}

// Status gives an object whose status is a resource of its own that status.
func (c *Cluster) Status(path string, status Object) {
	c.t.Helper()
	c.Patch(path+"/status", Object{"status": status})
}

// Patch merges change into an object. A list is replaced.
func (c *Cluster) Patch(path string, change Object) {
	c.t.Helper()
	c.check(c.try(http.MethodPatch, path, "application/merge-patch+json", change, nil))
}

// Delete deletes an object at once.
func (c *Cluster) Delete(path string) {
	c.t.Helper()
	c.check(c.try(http.MethodDelete, path+"?gracePeriodSeconds=0", "", nil, nil))
}

// Get returns an object.
func (c *Cluster) Get(path string) (o Object) {
	c.t.Helper()
	c.check(c.try(http.MethodGet, path, "", nil, &o))
	return o
}

// List returns the objects of a kind in all namespaces: a path such as /api/v1/pods. A kind that is not there has none.
func (c *Cluster) List(path string) []Object {
	c.t.Helper()
	var list struct{ Items []Object }
	err := c.try(http.MethodGet, path, "", nil, &list)
	if s, ok := err.(*status); ok && s.code == http.StatusNotFound {
		return nil
	}
	c.check(err)
	return list.Items
}

// Serves waits until the API server lists a kind, or does not know it any more.
func (c *Cluster) Serves(path string, yes bool) {
	c.t.Helper()
	c.wait(c.api, path, func() error {
		err := c.try(http.MethodGet, path, "", nil, nil)
		if s, ok := err.(*status); !yes && ok && s.code == http.StatusNotFound {
			return nil
		}
		if !yes && err == nil {
			return fmt.Errorf("%s is still there", path)
		}
		return err
	})
}

func (c *Cluster) check(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// status is an answer other than success.
type status struct {
	code int
	text string
}

func (s *status) Error() string { return s.text }

// try makes one request as Admin, on a connection of its own: there may be another server by now.
func (c *Cluster) try(method, path, kind string, send, into any) error {
	var body bytes.Buffer
	if send != nil {
		if err := json.NewEncoder(&body).Encode(send); err != nil {
			return err
		}
	}
	r, err := http.NewRequest(method, c.URL+path, &body)
	if err != nil {
		return err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	client := &http.Client{Timeout: await.Limit / 2, Transport: &http.Transport{TLSClientConfig: c.pki.tls(Admin)}}
	defer client.CloseIdleConnections()
	for {
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		switch {
		case err != nil:
			return err
		case answer.StatusCode == http.StatusTooManyRequests && strings.Contains(string(text), "storage is (re)initializing"):
			time.Sleep(50 * time.Millisecond) // of a kind that was defined just now
			if r.GetBody != nil {
				r.Body, _ = r.GetBody() // of a bytes.Buffer: it cannot fail
			}
			continue
		case answer.StatusCode/100 != 2:
			return &status{answer.StatusCode, fmt.Sprintf("%s %s: %s: %s", method, path, answer.Status, text)}
		case into == nil:
			return nil
		}
		return json.Unmarshal(text, into)
	}
}
