// Absa trains and uses models of aspect-based sentiment: what people feel about
// each aspect of a thing they review.
package main

import (
	"os"

	"absa/cmd"
)

func main() { os.Exit(cmd.Main(os.Args[1:], os.Stdout, os.Stderr)) }
