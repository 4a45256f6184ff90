package source

import (
	"os"
	"testing"

	"hypervisor-tui/internal/await"
)

func TestMain(m *testing.M) {
	await.Together()
	os.Exit(m.Run())
}
