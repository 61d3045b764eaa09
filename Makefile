# The doors of the project. `make run` and `make test` are all that a fresh machine needs.

SCALE ?= 0.05
LIIM  := target/debug/liim

.PHONY: run test golden verify-truth check bench report clean

run: ## publish the editions from synthetic deliveries
	cargo build --locked -p liim
	$(LIIM) synth --scale $(SCALE) > /dev/null
	$(LIIM) run --all || [ $$? -eq 99 ]
	@echo "look at warehouse/latest/liim/observations.parquet, or try:"
	@echo "  $(LIIM) trace vreemde-nationaliteit --area 71016 --edition 2011-12-21"
	@echo "  $(LIIM) report --edition 2013-03-15 --area 71016"

test: ## all tests; those that need what is not here say so
	cargo test --locked --workspace

golden: ## only the editions made from Statbel's real tables
	cargo test --locked -p liim --test monitor -- golden

verify-truth: ## every indicator counted from the truth by DuckDB, at SCALE
	cargo build --locked -p liim
	python3 tests/verify_truth.py --scale $(SCALE)

check: ## format, lints, documentation, licences
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps
	@if command -v cargo-deny > /dev/null; then cargo deny check; else echo "cargo-deny is not installed: licences and advisories were not checked"; fi

bench: ## time and memory of each stage at full size, beside DuckDB
	bench/run

report: ## the pages of all municipalities
	$(LIIM) report --edition 2013-03-15 --all > /dev/null && echo "the pages are in reports/2013-03-15"

clean: ## what a run made; deliveries and key are kept
	rm -rf warehouse reports
