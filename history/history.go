// Package history is the flight recorder: a file of fixed size that holds what the console knew, record by record, and what
// happened between them. One process writes it, any number read it.
package history
