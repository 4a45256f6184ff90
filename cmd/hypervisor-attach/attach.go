package main

import (
	"cmp"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// protocol is the version of what this program says first. How the server answers is the same in all of them: see
	// serve/attach.
	protocol = "1"

	endTime = 2 * time.Second // for a server that was told to leave to put the terminal back

	// restore brings each terminal that the console knows back to its main screen, with the cursor on: what the server
	// sends at the end.
	restore = "\x1b\\\x1b[?25h\x1b[m\x1b(B\x0f\x1b[?9;1000;1002;1003;1004;1005;1006;1015;2004l\x1b[?1l\x1b>\x1b[?7h\x1b[H\x1b[2J\x1b[?1049l"
)

// answerTime is how long the server may take to answer; one that takes longer is as good as dead. Only tests change it.
var answerTime = 300 * time.Millisecond

// show shows the console of the server at the socket until it ends, and returns what came of it and why, "" where
// nobody needs to know. The terminal is as it was before.
func show(path string) (code int, why string) {
	mode, err := unix.IoctlGetTermios(0, unix.TCGETS)
	if err != nil {
		return failed, "standard input is not a terminal; ssh gives one with -t"
	}
	if group, err := unix.IoctlGetInt(0, unix.TIOCGPGRP); err == nil && group != unix.Getpgrp() {
		return failed, "it runs in the background of this terminal"
	}
	// The server gets an open file of its own: it does not block, as a shell's has to.
	tty, err := unix.Open("/proc/self/fd/0", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return absent, "open the terminal: " + err.Error() // of another user, as behind su
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGWINCH)
	socket, err := connect(path)
	if err != nil {
		return absent, path + ": " + err.Error()
	}
	locale := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG"))
	send(socket, protocol+"\x00"+short(os.Getenv("TERM"))+"\x00"+short(locale), unix.UnixRights(tty))
	answers := make(chan string)
	go receive(socket, answers)
	select {
	case answer := <-answers:
		if answer == "" {
			return absent, path + ": the server hung up"
		}
		if answer[0] == '-' {
			return failed, answer[1:]
		}
		if answer[0] != '+' {
			return absent, answer[1:]
		}
	case <-time.After(answerTime):
		return absent, path + ": the server does not answer"
	}

	// From here on the server may draw; until it has heard this it does not.
	farewell := false
	defer func() { putBack(tty, mode, !farewell) }() // also after a panic
	send(socket, "+", nil)
	var end <-chan time.Time
	for {
		select {
		case s := <-signals:
			if s == unix.SIGWINCH {
				send(socket, "w", nil)
			} else if end == nil {
				_ = unix.Shutdown(socket, unix.SHUT_WR) // a server that is gone ends the answers
				end = time.After(endTime)
			}
		case answer := <-answers:
			switch farewell = answer != ""; {
			case !farewell && end == nil:
				return failed, "the server has ended without a word; this terminal is itself again"
			case !farewell || len(answer) == 1:
				return fine, ""
			}
			return failed, answer[1:]
		case <-end:
			return fine, ""
		}
	}
}

// connect opens the socket, and waits no longer than for an answer.
func connect(path string) (socket int, err error) {
	socket, err = unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		wait := unix.NsecToTimeval(int64(answerTime))
		err = unix.SetsockoptTimeval(socket, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &wait)
	}
	if err == nil {
		err = unix.Connect(socket, &unix.SockaddrUnix{Name: path})
	}
	return socket, err
}

// send sends one message. A server that is gone is found by receive, and one that takes nothing needs no more resizes.
func send(socket int, message string, rights []byte) {
	_ = unix.Sendmsg(socket, []byte(message), rights, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
}

// receive hands over what the server says; "" is its end.
func receive(socket int, answers chan<- string) {
	for buf := make([]byte, 512); ; {
		n, _, err := unix.Recvfrom(socket, buf, 0)
		if err == unix.EINTR || err == unix.ECONNRESET { // said once, before what the server has sent last
			continue
		}
		answers <- string(buf[:max(n, 0)])
		if n <= 0 {
			return
		}
	}
}

// short cuts what the environment says to what a server takes.
func short(s string) string { return s[:min(len(s), 100)] }

// putBack gives the terminal its mode, and its screen too unless the server has done that.
func putBack(tty int, mode *unix.Termios, screen bool) {
	_ = unix.IoctlSetTermios(0, unix.TCSETS, mode) // a terminal that is gone needs nothing
	for rest := []byte(restore); screen && len(rest) > 0; {
		n, err := unix.Write(tty, rest)
		if err == nil {
			rest = rest[n:]
			continue
		}
		ready, _ := unix.Poll([]unix.PollFd{{Fd: int32(tty), Events: unix.POLLOUT}}, int(answerTime.Milliseconds()))
		if err != unix.EAGAIN || ready != 1 {
			return // nobody takes it
		}
	}
}
