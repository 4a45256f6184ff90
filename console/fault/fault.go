// Package fault is the fault switch: in a build with the tag faults an environment variable names one fault that the program
// commits on purpose, so that tests see what is left standing. In any other build it does nothing.
package fault
