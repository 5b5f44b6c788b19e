// Package cmd holds the commands, one file each.
//
// Results go to stdout, progress and notes to stderr. The exit status is 0 when
// done, 1 when something failed, 2 on bad usage or configuration, and 130 or
// 143 after SIGINT or SIGTERM.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"absa/configs"
	"absa/trainer"
)

// Main runs the command line and returns the exit status.
func Main(args []string, stdout, stderr io.Writer) int {
	// A reader of the output that is gone must not end a training: of
	// `absa train | tee log`, Ctrl-C ends tee first.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := withSignals(context.Background(), stderr)
	defer stop()
	root := newRootCmd()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		fmt.Fprintln(stderr, "absa:", err)
	}
	return status(err)
}

// usageError is bad usage of a command: exit status 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// status is the exit status that an error stands for.
func status(err error) int {
	var usage usageError
	var invalid configs.Invalid
	var by interrupt
	switch {
	case err == nil:
		return 0
	case errors.Is(err, syscall.EPIPE): // as if the signal had ended it
		return 128 + int(syscall.SIGPIPE)
	case errors.Is(err, trainer.ErrUnsaved):
		return 1
	case errors.As(err, &by):
		return 128 + int(by.signal)
	case errors.As(err, &usage), errors.As(err, &invalid):
		return 2
	}
	return 1
}

// interrupt is the cause of a context that a signal ended.
type interrupt struct{ signal syscall.Signal }

func (i interrupt) Error() string { return i.signal.String() }

// withSignals returns a context that SIGINT or SIGTERM ends, so that the step
// under way is finished and the run is saved; a second signal ends the
// process at once.
func withSignals(parent context.Context, stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		s, ok := <-signals
		if !ok {
			return
		}
		signal.Stop(signals) // from here on signals act as they do by default
		cancel(interrupt{s.(syscall.Signal)})
		fmt.Fprintln(stderr, "\nabsa: stopping in good order; once more to end at once")
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel(nil)
	}
}

// onSaveSignal returns a channel that receives when SIGUSR1 asks for a
// checkpoint, as cluster schedulers do before they take a machine away.
func onSaveSignal() (<-chan struct{}, func()) {
	asked := make(chan struct{}, 1)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for range signals {
			select {
			case asked <- struct{}{}:
			default: // asked already
			}
		}
	}()
	return asked, func() {
		signal.Stop(signals)
		close(signals)
	}
}

func newRootCmd() *cobra.Command {
	root := &cobra.Command{
		Use:   "absa",
		Short: "Learn what people feel about each aspect of what they review",
		Long: `absa trains a network that reads a review and tells, for each of several
aspects (food, service, price, ...), whether the writer's opinion is positive,
neutral, negative or in conflict.

Results go to stdout, progress and notes to stderr. The exit status is 0 when done,
1 when something failed, 2 on bad usage or configuration, and 130 or 143 when
interrupted by Ctrl-C (SIGINT) or SIGTERM.`,
		Example: `  absa train                              train on the embedded sample corpus
  absa fetch semeval2014 glove-100d       get the real corpus and word vectors
  absa train --config restaurants         train the best recipe on them
  absa evaluate --checkpoint RUN --data FILE
  absa cv --candidates FILE               choose between recipes, without test data
  absa predict --checkpoint RUN reviews.txt    label sentences of your own
  absa data check --config hotel.yaml reviews.csv    before you train on your own
  absa rate --checkpoint RUN --group-by hotel reviews.csv    rate what they are about`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          arguments(subcommand),
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (see %s --help)", err, c.CommandPath())}
	})
	root.AddCommand(newTrainCmd(), newEvaluateCmd(), newCVCmd(), newCalibrateCmd(), newPredictCmd(), newRateCmd(), newReportCmd(), newReproduceCmd(), newCheckpointsCmd(), newConfigCmd(), newDataCmd(), newFetchCmd(), newDoctorCmd(), newDocsCmd(), newVersionCmd())
	return root
}

// subcommand refuses the argument of a command that only groups others.
func subcommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if c.SuggestionsMinimumDistance == 0 {
		c.SuggestionsMinimumDistance = 2
	}
	near := ""
	if names := c.SuggestionsFor(args[0]); len(names) > 0 {
		near = fmt.Sprintf("; did you mean %s?", names[0])
	}
	return fmt.Errorf("there is no command %q%s", c.CommandPath()+" "+args[0], near)
}

// arguments wraps a check of positional arguments so that its error is bad
// usage.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return usageError{fmt.Errorf("%w (see %s --help)", err, c.CommandPath())}
		}
		return nil
	}
}
