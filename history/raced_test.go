//go:build race

package history

// raced says that the race detector watches, which makes all take ten times as long.
const raced = true
