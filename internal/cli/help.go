package cli

import (
	"github.com/spf13/cobra"
)

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		Example: `  segue help ingest
  segue ingest --help         # the same`,
		RunE: func(cmd *cobra.Command, args []string) error {
			sub, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("there is no command %q; `segue --help` lists them", args[len(args)-1-max(0, len(rest)-1)])
			}
			sub.InitDefaultHelpFlag()
			return sub.Help()
		},
	}
}

// addCompletion adds the library's completion commands, with examples, and with complaints about a shell that has none.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Short = "Make the shell complete segue's commands and flags"
		cmd.Example = `  source <(segue completion bash)
  segue completion zsh > "${fpath[1]}/_segue"
  segue completion fish > ~/.config/fish/completions/segue.fish`
		cmd.RunE = func(*cobra.Command, []string) error {
			return usagef("completion needs a shell: bash, zsh, fish or powershell")
		}
		for shell, example := range map[string]string{
			"bash": "source <(segue completion bash)", "zsh": `segue completion zsh > "${fpath[1]}/_segue"`,
			"fish": "segue completion fish > ~/.config/fish/completions/segue.fish", "powershell": "segue completion powershell | Out-String | Invoke-Expression",
		} {
			if sub, _, err := cmd.Find([]string{shell}); err == nil {
				sub.Example = "  " + example
			}
		}
	}
}
