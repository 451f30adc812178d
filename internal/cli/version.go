package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/seguefeed/segue"
)

func (a *app) versionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Say which segue, engine and Go this is",
		Example: `  segue version
  segue version --json | jq -r .engine`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			v := versions{Segue: segue.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						v.Revision = s.Value
					}
				}
			}
			engine, err := segue.EngineVersion(cmd.Context())
			if err != nil {
				return err
			}
			v.Engine = engine
			if asJSON {
				return a.printJSON(v)
			}
			fmt.Fprintf(a.stdout, "segue %s (%s, %s, %s)\n", v.Segue, v.Engine, v.Go, v.Platform)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

type versions struct {
	Segue    string `json:"segue"`
	Revision string `json:"revision,omitempty"`
	Engine   string `json:"engine"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}
