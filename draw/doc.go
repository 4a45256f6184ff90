// Package draw composes a frame of text cells in memory and hands only the cells that changed to the terminal.
//
// A Canvas holds the cells, a Region is a clipped part of it, a Pen writes along a row, a Style names a role and not
// a colour, and a Glyph names a mark and not a rune. Nothing outside this package touches tcell.
package draw
