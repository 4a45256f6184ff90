package unit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"hypervisor-tui/internal/await"
)

// hostileBus listens where a system bus would, and lets talk have each connection. talk ends when the connection does.
func hostileBus(t *testing.T, talk func(c net.Conn, in *bufio.Reader)) (socket string) {
	t.Helper()
	root, err := os.MkdirTemp("", "bus") // not t.TempDir: a socket's path has 107 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	socket = filepath.Join(root, "socket")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var talks sync.WaitGroup
	t.Cleanup(talks.Wait)
	t.Cleanup(func() { l.Close() })
	talks.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			talks.Go(func() {
				defer c.Close()
				talk(c, bufio.NewReader(c))
			})
		}
	})
	return socket
}

// welcome lets a client in, and answers its Hello. It is false when the client went.
func welcome(c net.Conn, in *bufio.Reader) bool {
	if !admit(c, in) {
		return false
	}
	asked, err := dbus.DecodeMessage(in)
	if err != nil {
		return false
	}
	c.Write(answer(asked, ":1.7"))
	return true
}

// admit is what happens before the first message, whichever way the client goes about it.
func admit(c net.Conn, in *bufio.Reader) bool {
	for {
		line, err := in.ReadString('\n')
		switch {
		case err != nil:
			return false
		case strings.Contains(line, "AUTH EXTERNAL"):
			io.WriteString(c, "OK 0123456789abcdef0123456789abcdef\r\n")
		case strings.Contains(line, "AUTH"):
			io.WriteString(c, "REJECTED EXTERNAL\r\n")
		case strings.Contains(line, "NEGOTIATE"):
			io.WriteString(c, "ERROR\r\n")
		case strings.HasPrefix(line, "BEGIN"):
			return true
		}
	}
}

// answer is the reply to a message.
func answer(to *dbus.Message, body ...any) []byte {
	return message(dbus.TypeMethodReply, map[dbus.HeaderField]any{
		dbus.FieldReplySerial: to.Serial(), dbus.FieldSender: "org.freedesktop.DBus",
	}, body...)
}

// message is one as it goes over the wire.
func message(kind dbus.Type, fields map[dbus.HeaderField]any, body ...any) []byte {
	m := dbus.Message{Type: kind, Headers: map[dbus.HeaderField]dbus.Variant{}, Body: body}
	for k, v := range fields {
		m.Headers[k] = dbus.MakeVariant(v)
	}
	if len(body) > 0 {
		m.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(body...))
	}
	var b bytes.Buffer
	if err := m.EncodeTo(&b, binary.LittleEndian); err != nil {
		panic(err)
	}
	binary.LittleEndian.PutUint32(b.Bytes()[8:], 1)
	return b.Bytes()
}

// forget discards what the client still sends, until it goes.
func forget(in *bufio.Reader) { io.Copy(io.Discard, in) }

// repeat sends text until the client goes, 256 MiB at most, and returns how much it sent.
func repeat(c net.Conn, text []byte) (sent int) {
	text = bytes.Repeat(text, 1+(64<<10)/len(text))
	for sent < 256<<20 {
		n, err := c.Write(text)
		if sent += n; err != nil {
			break
		}
	}
	return sent
}

func TestF51BusThatIsHostile(t *testing.T) {
	signal := func(member string, body ...any) []byte {
		return message(dbus.TypeSignal, map[dbus.HeaderField]any{
			dbus.FieldPath: dbus.ObjectPath("/org/freedesktop/DBus"), dbus.FieldInterface: "org.freedesktop.DBus",
			dbus.FieldMember: member, dbus.FieldSender: "org.freedesktop.DBus",
		}, body...)
	}
	// 16 bytes of a message, and then what its header fields begin with.
	start := func(kind byte, body, fields uint32) []byte {
		b := []byte{'l', kind, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, 1, 'u', 0}
		binary.LittleEndian.PutUint32(b[4:], body)
		binary.LittleEndian.PutUint32(b[12:], fields)
		return b
	}
	for name, talk := range map[string]func(c net.Conn, in *bufio.Reader){
		"stalls in a header": func(c net.Conn, in *bufio.Reader) {
			if admit(c, in) {
				c.Write(start(2, 0, 64))
				forget(in)
			}
		},
		"closes in a header": func(c net.Conn, in *bufio.Reader) {
			if admit(c, in) {
				c.Write(start(2, 0, 64))
			}
		},
		"closes in the fixed header": func(c net.Conn, in *bufio.Reader) {
			if admit(c, in) {
				c.Write(start(2, 0, 64)[:7])
			}
		},
		"an authentication line without end": func(c net.Conn, in *bufio.Reader) { repeat(c, []byte("OK")) },
		"authentication without end":         func(c net.Conn, in *bufio.Reader) { repeat(c, []byte("DATA\r\n")) },
		"an empty line":                      func(c net.Conn, in *bufio.Reader) { io.WriteString(c, "\n\n\r\n"); forget(in) },
		"a body of 128 MiB": func(c net.Conn, in *bufio.Reader) {
			if admit(c, in) {
				c.Write(start(2, 128<<20-64, 40))
				repeat(c, make([]byte, 4096))
			}
		},
		"header fields of 128 MiB": func(c net.Conn, in *bufio.Reader) {
			if admit(c, in) {
				c.Write(start(2, 0, 128<<20-64))
				repeat(c, make([]byte, 4096))
			}
		},
		"lengths that add up to little": func(c net.Conn, in *bufio.Reader) {
			if admit(c, in) {
				c.Write(start(2, math.MaxUint32-7, 16))
				repeat(c, make([]byte, 4096))
			}
		},
		"an answer of 64 MiB to Hello": func(c net.Conn, in *bufio.Reader) {
			if !admit(c, in) {
				return
			}
			if asked, err := dbus.DecodeMessage(in); err == nil {
				c.Write(answer(asked, strings.Repeat("x", 64<<20)))
			}
		},
		"a flood of signals": func(c net.Conn, in *bufio.Reader) {
			if admit(c, in) {
				repeat(c, signal("NameOwnerChanged", "a", "b", "c"))
			}
		},
		"a signal of 100 MiB": func(c net.Conn, in *bufio.Reader) {
			if admit(c, in) {
				c.Write(signal("NameLost", strings.Repeat("x", 100<<20)))
			}
		},
		"a name lost without a name": func(c net.Conn, in *bufio.Reader) {
			if admit(c, in) {
				c.Write(signal("NameLost"))
				c.Write(signal("NameAcquired", uint32(7)))
				forget(in)
			}
		},
		"calls to us": func(c net.Conn, in *bufio.Reader) {
			if admit(c, in) {
				repeat(c, message(dbus.TypeMethodCall, map[dbus.HeaderField]any{
					dbus.FieldPath: dbus.ObjectPath("/"), dbus.FieldMember: "Ping", dbus.FieldInterface: "org.freedesktop.DBus.Peer",
				}))
			}
		},
		"an answer to nothing": func(c net.Conn, in *bufio.Reader) {
			if admit(c, in) {
				repeat(c, message(dbus.TypeMethodReply, map[dbus.HeaderField]any{dbus.FieldReplySerial: uint32(99)}))
			}
		},
		"an error without text": func(c net.Conn, in *bufio.Reader) {
			if !admit(c, in) {
				return
			}
			if asked, err := dbus.DecodeMessage(in); err == nil {
				c.Write(message(dbus.TypeError, map[dbus.HeaderField]any{
					dbus.FieldReplySerial: asked.Serial(), dbus.FieldErrorName: "a.b"}, uint32(1)))
				forget(in)
			}
		},
		"no D-Bus at all": func(c net.Conn, in *bufio.Reader) {
			if admit(c, in) {
				repeat(c, []byte("HTTP/1.1 200 OK\r\n\r\n"))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			silent := strings.Contains(name, "stalls") || strings.Contains(name, "without a name")
			wait := await.Limit
			if silent {
				wait = 100 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(context.Background(), wait)
			defer cancel()
			socket := hostileBus(t, talk)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			b, err := dial(ctx, socket)
			runtime.ReadMemStats(&after)
			if err == nil {
				b.close()
				t.Fatal("it is taken for a system bus")
			}
			if silent != errors.Is(err, errNotAnswering) {
				t.Errorf("%v", err)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			for _, c := range []struct {
				word string
				want error
			}{{"flood", errFlood}, {"calls", errFlood}, {"signal of", errFlood}, {"authentication", errNoBus}, {"nothing", errNoBus}, {"128", errLong}} {
				if strings.Contains(name, c.word) && !errors.Is(err, c.want) {
					t.Errorf("%v, want %v", err, c.want)
				}
			}
			// The bus lives in this process as well: what it sends is made before dial, or is little.
			if strings.Contains(name, "MiB") && !strings.Contains(name, "of 128") {
				return
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
				t.Errorf("%d bytes allocated", n)
			}
		})
	}
}

// What systemd is made to answer is bounded as well, whatever it claims to be.
func TestF51AnswersThatLie(t *testing.T) {
	long := strings.Repeat("x", 100<<10)
	type wrapped struct{ B byte }
	for name, body := range map[string][]any{
		"another type":      {uint32(1)},
		"nothing":           {},
		"too much":          {[]status{}, "more"},
		"other structs":     {make([]wrapped, 1<<17)},
		"lists of lists":    {make([][]string, 1<<18)},
		"more than allowed": {make([]byte, 32<<20)},
		"an error of 1 MiB": {dbus.Error{Name: systemd + ".Nonsense", Body: []any{strings.Repeat(long, 10)}}},
	} {
		t.Run(name, func(t *testing.T) {
			socket := hostileBus(t, func(c net.Conn, in *bufio.Reader) {
				if !welcome(c, in) {
					return
				}
				asked, err := dbus.DecodeMessage(in)
				if err != nil {
					return
				}
				text := answer(asked, body...)
				if len(body) > 0 {
					if e, ok := body[0].(dbus.Error); ok {
						text = message(dbus.TypeError, map[dbus.HeaderField]any{
							dbus.FieldReplySerial: asked.Serial(), dbus.FieldErrorName: e.Name}, e.Body...)
					}
				}
				c.Write(text)
				forget(in)
			})
			ctx, cancel := context.WithTimeout(context.Background(), await.Limit)
			defer cancel()
			b, err := dial(ctx, socket)
			if err != nil {
				t.Fatal(err)
			}
			defer b.close()
			units, err := b.list(ctx, "ListUnitsFiltered", troubled())
			if err == nil || units != nil {
				t.Errorf("%d units, %v", len(units), err)
			}
			if err != nil && len(err.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}
