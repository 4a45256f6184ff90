//go:build !nokube

package e2e

import (
	"net"
	"os"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sys/unix"

	"hypervisor-tui/serve/web/chromium"
)

// TestServePage: two browsers with a password see the running host, and a log entry as it comes. One leaves with q; the other
// goes on by itself when the program is started again.
func TestServePage(t *testing.T) {
	t.Parallel()
	b := chromium.Start(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that is free
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	log := writeFile(t, "x.log", "first line\n")
	config := "refreshInterval: 1s\nlogs: [{name: x, files: [" + log + "]}]\nserve: {web: {enable: true}, listen: ['" + address + "'], auth: {webConfigFile: " +
		writeFile(t, "web.yml", "basic_auth_users: {alice: '"+string(hash)+"'}\n") + "}}\n"
	s := serve(t, config)
	var tabs [2]*chromium.Tab
	for i := range tabs {
		tabs[i] = b.Open(t, 1200, 800)
		tabs[i].Visit("http://alice:secret@" + address + "/")
		tabs[i].Await("picture.textContent.includes('Memory')")
		tabs[i].Press(0, "F1")
		tabs[i].Await("picture.textContent.includes('first line')")
	}
	f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("<b>second</b> 漢字\n"); err != nil {
		t.Fatal(err)
	}
	for _, tab := range tabs {
		tab.Await("picture.textContent.includes('<b>second</b> 漢字')")
	}
	tabs[0].Press(0, "q")
	tabs[0].Await("note.textContent.startsWith('The session has ended')")
	if code := s.end(unix.SIGTERM); code != 0 {
		t.Errorf("exit code %d: %s", code, s.told())
	}
	tabs[1].Await("note.textContent.startsWith('no connection: what you see is old')")
	serve(t, config)
	tabs[1].Await("note.textContent == '' && picture.textContent.includes('<b>second</b> 漢字')")
	for i, tab := range tabs {
		for _, complaint := range tab.Complaints() {
			if !strings.Contains(complaint, "ERR_CONNECTION_REFUSED") {
				t.Errorf("browser %d complains: %s", i, complaint)
			}
		}
	}
}
