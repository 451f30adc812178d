// Command segue turns a content feed's impression log into a report about who engages.
package main

import (
	"os"

	"github.com/seguefeed/segue/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
