# make help lists the targets. Every target that needs LibTorch runs the set-up
# first, which takes no time when everything is in place.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PREFIX ?= $(HOME)/.local
ARGS ?=

# The flags for cgo; the file is written by the set-up.
WITH_LIBTORCH := set -a; . ./libtorch.env; set +a;
# The peers that tests and benchmarks compare with (PyTorch and others).
PYTHON := .venv/bin/python
BENCH := PYTHONPATH=reference $(PYTHON) -m bench
# Two test binaries at a time: each one uses the threads of LibTorch besides.
GOTEST := go test -p 2
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## check the machine, find or fetch LibTorch, write libtorch.env
	@docker/setup.sh

.PHONY: build
build: setup ## build bin/absa
	@$(WITH_LIBTORCH) go build -o bin/absa .

.PHONY: train
train: build ## train on the embedded sample corpus, or as ARGS='--config ...' says
	bin/absa train $(ARGS)

.PHONY: train-gpu
train-gpu: export LIBTORCH_VARIANT := cuda
train-gpu: build ## the same on the GPU, with the CUDA variant of LibTorch
	bin/absa train --device cuda $(ARGS)

.PHONY: test
test: setup ## run the tests; those whose peer is missing are skipped
	@$(WITH_LIBTORCH) $(GOTEST) -short -timeout 8m ./...

.PHONY: test-all
test-all: lint venv browser ## lint, install the peers and run every test, long checks in a short form
	@$(WITH_LIBTORCH) export ABSA_TEST_PYTHON="$(CURDIR)/$(PYTHON)"; \
	export ABSA_TEST_BROWSER="$${ABSA_TEST_BROWSER:-$$(docker/browser.sh)}"; \
	$(GOTEST) -count 1 -timeout 20m ./... # Go's cache of results does not know what the peers read

.PHONY: soak
soak: build venv ## run the long checks in their long form, after absa fetch (half an hour)
	@$(WITH_LIBTORCH) export ABSA_TEST_PYTHON="$(CURDIR)/$(PYTHON)" ABSA_SOAK=1; \
	go test -p 1 -count 1 -run Soak -timeout 12h ./...
	@$(PYTHON) reference/accuracy.py
	@$(PYTHON) reference/accuracy.py --preset restaurants --at-least 0.765
	@$(BENCH) --only training

.PHONY: bench
bench: build venv ## measure speed and memory beside PyTorch (ARGS=--quick: a short form)
	@$(BENCH) $(ARGS)

.PHONY: bench-checkpoints
bench-checkpoints: build ## measure what saving and resuming cost, after absa fetch (ten minutes)
	@$(WITH_LIBTORCH) export ABSA_TEST_DATA="$${ABSA_TEST_DATA:-$(CURDIR)/data/raw}"; \
	go test -run '^$$' -bench Checkpoint -benchtime 1x -timeout 1h ./trainer; \
	go test -run '^$$' -bench Resume -benchtime 10x ./cmd

.PHONY: lint
lint: setup ## check formatting, go vet and staticcheck (and golangci-lint where installed)
	@files=$$(gofmt -l .); \
	if [[ $$files ]]; then echo "not formatted (run make fmt):"; echo "$$files"; exit 1; fi
	@$(WITH_LIBTORCH) go vet ./...
	@$(WITH_LIBTORCH) go run $(STATICCHECK) ./...
	@if command -v golangci-lint >/dev/null; then $(WITH_LIBTORCH) golangci-lint run; fi

.PHONY: fmt
fmt: ## format the Go code
	@gofmt -l -w .

.PHONY: venv
venv: ## install the peers of reference/requirements.txt, shared by all checkouts
	@docker/venv.sh

.PHONY: browser
browser: ## install the headless Chromium that the tests of pages use, where there is none
	@docker/browser.sh

.PHONY: docs
docs: build ## write the references of docs/ that come from the program
	@bin/absa docs config >docs/config.md
	@bin/absa docs commands >docs/commands.md

.PHONY: install
install: build ## install absa to PREFIX (default ~/.local), with man pages and shell completion
	install -D -m 755 bin/absa "$(DESTDIR)$(PREFIX)/bin/absa"
	bin/absa docs man "$(DESTDIR)$(PREFIX)/share/man/man1"
	mkdir -p "$(DESTDIR)$(PREFIX)"/share/{bash-completion/completions,zsh/site-functions,fish/vendor_completions.d}
	bin/absa completion bash >"$(DESTDIR)$(PREFIX)/share/bash-completion/completions/absa"
	bin/absa completion zsh >"$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_absa"
	bin/absa completion fish >"$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/absa.fish"

.PHONY: clean
clean: ## remove what was built here (the caches of LibTorch and Go stay)
	rm -rf bin libtorch.env .venv
