package unit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	longestAnswer = 2 << 20 // bytes of a message: some 5,000 units
	mostForeign   = 1 << 20 // bytes of messages that nobody asked for, while one answer is awaited
	longestError  = 256     // bytes of a text that the bus gives as a reason
)

var (
	errNotAnswering = errors.New("not answering")
	errLong         = errors.New("the answer is too long")
	errFlood        = errors.New("too many messages that nobody asked for")
	errNoBus        = errors.New("what answers there is no D-Bus")
)

// conn is a connection to a message bus. It sends one message at a time and reads until that is answered, on the
// caller's goroutine: dbus.Conn reads on one of its own, where what a bus sends can make it panic, and without bound.
//
// Format: D-Bus Specification, "Message Protocol" and "Authentication Protocol"
type conn struct {
	net.Conn
	in     *bufio.Reader
	serial uint32 // of the last message sent
}

// connect opens a connection to the bus that listens on socket, authenticates and says hello.
func connect(ctx context.Context, socket string) (*conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, reason(ctx, err)
	}
	b := &conn{Conn: c, in: bufio.NewReader(c)}
	err = b.within(ctx, b.authenticate)
	if err == nil {
		var name string
		err = b.ask(ctx, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.Hello", &name)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return b, nil
}

// within calls do, whose reads and writes fail once ctx has ended, and makes an error of a panic in it. After an error
// other than a dbus.Error the connection is of no use.
func (c *conn) within(ctx context.Context, do func() error) (err error) {
	defer func() {
		if crash := recover(); crash != nil {
			err = fmt.Errorf("%w: %v", errNoBus, crash)
		}
	}()
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	err = do()
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return reason(ctx, err)
	}
	return nil
}

// authenticate says who we are. The number, not the name, of the user: looking the name up would need libc.
func (c *conn) authenticate() error {
	user := hex.EncodeToString([]byte(strconv.Itoa(os.Geteuid())))
	if _, err := io.WriteString(c, "\x00AUTH EXTERNAL "+user+"\r\n"); err != nil {
		return err
	}
	line, err := c.in.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		return errNoBus
	case err != nil:
		return err
	case bytes.HasPrefix(line, []byte("REJECTED")):
		return errors.New("it rejects us")
	case !bytes.HasPrefix(line, []byte("OK ")):
		return errNoBus
	}
	_, err = io.WriteString(c, "BEGIN\r\n")
	return err
}

// ask calls a method of an object and stores what it returns. It never starts a service by way of the bus.
func (c *conn) ask(ctx context.Context, service string, path dbus.ObjectPath, method string, result any, args ...any) error {
	return c.within(ctx, func() error {
		if err := c.send(service, path, method, args); err != nil {
			return err
		}
		answer, err := c.receive()
		if err != nil {
			return err
		}
		return dbus.Store(answer.Body, result)
	})
}

// send sends the call of a method.
func (c *conn) send(service string, path dbus.ObjectPath, method string, args []any) error {
	dot := strings.LastIndexByte(method, '.')
	m := dbus.Message{Type: dbus.TypeMethodCall, Flags: dbus.FlagNoAutoStart, Body: args, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldDestination: dbus.MakeVariant(service),
		dbus.FieldPath:        dbus.MakeVariant(path),
		dbus.FieldInterface:   dbus.MakeVariant(method[:dot]),
		dbus.FieldMember:      dbus.MakeVariant(method[dot+1:]),
	}}
	if len(args) > 0 {
		m.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(args...))
	}
	var text bytes.Buffer
	if err := m.EncodeTo(&text, binary.LittleEndian); err != nil {
		return err
	}
	c.serial++
	binary.LittleEndian.PutUint32(text.Bytes()[8:], c.serial) // a Message keeps its own to itself
	_, err := c.Write(text.Bytes())
	return err
}

// receive returns the answer to the message that was sent last. Signals and calls of methods are passed over.
func (c *conn) receive() (*dbus.Message, error) {
	for foreign := uint64(0); ; {
		kind, length, err := c.peek()
		if err != nil {
			return nil, err
		}
		switch {
		case kind == dbus.TypeMethodReply || kind == dbus.TypeError:
			if length > longestAnswer {
				return nil, errLong
			}
			return c.answer(int(length))
		case foreign+length > mostForeign:
			return nil, errFlood
		}
		if _, err := c.in.Discard(int(length)); err != nil {
			return nil, err
		}
		foreign += length
	}
}

// peek says of what type the next message is and how many bytes it has in all.
func (c *conn) peek() (kind dbus.Type, length uint64, err error) {
	const fixed = 16 // bytes that each message begins with; the length of the header's fields is the last of them
	head, err := c.in.Peek(fixed)
	if err != nil {
		return 0, 0, err
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case head[0] == 'B':
		order = binary.BigEndian
	case head[0] != 'l':
		return 0, 0, errNoBus
	}
	fields := (uint64(order.Uint32(head[12:])) + 7) &^ 7
	return dbus.Type(head[1]), fixed + fields + uint64(order.Uint32(head[4:])), nil
}

// answer reads a message of that many bytes. An error in it is a dbus.Error.
func (c *conn) answer(length int) (*dbus.Message, error) {
	text := make([]byte, length)
	if _, err := io.ReadFull(c.in, text); err != nil {
		return nil, err
	}
	m, err := dbus.DecodeMessage(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	if serial, ok := m.Headers[dbus.FieldReplySerial].Value().(uint32); !ok || serial != c.serial {
		return nil, errNoBus
	}
	if m.Type == dbus.TypeError {
		name, _ := m.Headers[dbus.FieldErrorName].Value().(string)
		return nil, dbus.Error{Name: short(name), Body: []any{short(why(m.Body))}}
	}
	return m, nil
}

// why is the text of an error, if it has one.
func why(body []any) string {
	if len(body) > 0 {
		if text, ok := body[0].(string); ok {
			return text
		}
	}
	return "it does not say why"
}

// short is a copy of text that is no longer than an error may be.
func short(text string) string { return strings.Clone(text[:min(len(text), longestError)]) }

// reason says in words that ctx's time was over, whatever that broke. A dial may see its end before ctx does.
func reason(ctx context.Context, err error) error {
	var failed net.Error
	if over := ctx.Err(); errors.Is(over, context.DeadlineExceeded) || over == nil && errors.As(err, &failed) && failed.Timeout() {
		return errNotAnswering
	}
	return err
}
