package guard

import "context"

// Begin runs f on a goroutine of its own and hands over what it returns.
func Begin[T any](f func() T) <-chan T {
	answer := make(chan T, 1)
	go func() { answer <- f() }()
	return answer
}

// Within is what answer brings before ctx ends; otherwise otherwise is, and ok is false.
func Within[T any](ctx context.Context, answer <-chan T, otherwise T) (value T, ok bool) {
	select { // an answer that is there counts, however late it is
	case value = <-answer:
		return value, true
	default:
	}
	select {
	case value = <-answer:
		return value, true
	case <-ctx.Done():
		return otherwise, false
	}
}

// InTime runs f and reports whether it has come back before ctx ended. A file that never answers keeps it for ever.
func InTime(ctx context.Context, f func()) bool {
	_, ok := Within(ctx, Begin(func() struct{} { f(); return struct{}{} }), struct{}{})
	return ok
}
