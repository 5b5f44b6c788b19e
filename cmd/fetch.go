package cmd

import (
	"github.com/spf13/cobra"
)

func newFetchCmd() *cobra.Command { return &cobra.Command{Use: "fetch"} }
