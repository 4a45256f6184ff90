// Package config reads the YAML file. A bad file gives an error that says what is wrong in which line, and how to mend it.
package config

// DefaultPath is read when no --config is given, if it exists.
const DefaultPath = "/etc/hypervisor-tui/config.yaml"

// Config is what the configuration file says, its gaps filled with the defaults that its keys name. It is a value: nothing
// changes it after Load, and its slices are not to be written. Each section is what one part of the program goes by, and is
// put in force as a whole when it has changed.
type Config struct {
	Sampling
	Logging
	Judging
	Alerts
	Display
	History    History
	Serve      Serve
	Peers      Peers
	Prometheus Prometheus
	Actions    Actions
	Plugins    Plugins
}

// Default returns what an empty file means.
func Default() Config {
	c, err := parseConfig("defaults", nil)
	if err != nil {
		panic("the key table contradicts itself: " + err.Error())
	}
	return c
}
