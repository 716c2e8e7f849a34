# make            the examples, into build/
# make run        the lab's recorded run
# make test       everything that a C compiler can prove in some seconds
# make test_fit   one test alone; tests/README.md says what each of them proves
# make bench      how fast it is, beside FANN, OpenBLAS and PyTorch; the picture is build/bench.svg;
#                 then make bench_builds: other builds beside CC's, ROUNDS=5 times each
# make install    the header, into PREFIX/include
# make clean
#
# Minutes each, and for some of it more than a C compiler; what is missing is skipped and named:
#
# make builds       the header without a warning in C99 to C++20, with each of its options
# make activations  the activations of every float there is (make activation_tanh: one of them;
#                   PART="0 16": the first of 16 parts)
# make openmp       the same bits for any number of threads (a compiler with -fopenmp)
# make sklearn      the digits example beside scikit-learn's network (python3-sklearn)
# make pytorch      beside PyTorch, safetensors and scikit-learn, those that PYTHON has: the lab,
#                   torch.nn MLPs, printing, random numbers, weights files both ways
# make exported     examples/export.py beside PyTorch, scikit-learn, Keras, Flax, Stable-Baselines3,
#                   those that PYTHON has: what C predicts with its files, what it refuses, and which
#                   files it reads back
# make coverage     which branches of the header the tests take (gcc, gcov)
# make analyse      static analysis, valgrind and more sanitizers
# make prove        the reader of files' headers touches no memory but its own (Frama-C's WP, cvc4;
#                   SECTION=JSON: that section alone); make prove_mutants: planted bugs are noticed
# make matrix       the tests on every platform that there is a compiler for
# make fuzz         libFuzzer on the reader of weights files, until you stop it (clang); more options
#                   for libFuzzer: make fuzz FUZZ="-runs=1000000 -workers=2"
# make reference    the tests' reference data, made again by PyTorch (python3-torch; safetensors)
# make digits.h     examples/data/digits.h, made again from scikit-learn's copy (python3-sklearn)
# make dew_point.h  examples/data/dew_point.h, trained again (torch for Python)
#
# CC, CFLAGS, BUILD and PYTHON are yours, and IMPLEMENTATION_FLAGS, which most tests' implementation
# of the header is compiled with, but not the tests:
# make test CC=clang CFLAGS="-O1 -fsanitize=address,undefined" BUILD=build/sanitized

CC      ?= cc
CFLAGS  ?= -O2
PREFIX  ?= /usr/local
BUILD   ?= build
PYTHON  ?= python3

WARNINGS = -std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Wundef \
           -Wdouble-promotion -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes
COMPILE  = $(CC) $(CFLAGS) $(WARNINGS)

EXAMPLES = $(patsubst examples/%.c,$(BUILD)/%,$(wildcard examples/*.c))
TESTS    = $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))
HEADERS  = ffnn.h $(wildcard examples/*.h examples/data/*.h tests/*.h tests/reference/*.h)

# Those of one number, from the header's enumeration.
ACTIVATIONS := $(shell sed -n '/^typedef enum ffnn_activation/,/^}/p' ffnn.h | tr -cs 'A-Z0-9_' '\n' | \
                     sed -n 's/^FFNN_//p' | grep -v SOFTMAX | tr A-Z a-z)

# Scripts that only need a compiler run beside the building.
SCRIPTS = flags footprint names pasted warnings

.PHONY: $(SCRIPTS:%=script_%) all run test test_digits test_examples programs bench bench_builds \
        builds activations $(ACTIVATIONS:%=activation_%) openmp sklearn pytorch exported coverage \
        analyse matrix prove prove_mutants fuzz reference digits.h dew_point.h install clean

all: $(EXAMPLES)

run: $(BUILD)/lab
	cd $(BUILD) && ./lab

# Who types `make test` waits for the compiler most of the time: half as long if it has two processors.
# So the programs are built four at a time, each in at most 130 MB, unless make has been given a -j.
test:
	@$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j4) programs
	@CC="$(CC)" CFLAGS="$(CFLAGS) $(WARNINGS)" BUILD="$(BUILD)" sh tests/run.sh $(TESTS)

$(SCRIPTS:%=script_%): script_%:
	@mkdir -p $(BUILD)/tests
	@CC="$(CC)" CFLAGS="$(CFLAGS) $(WARNINGS)" BUILD="$(BUILD)" sh tests/$*.sh \
	    > $(BUILD)/tests/$*.log 2>&1; echo $$? > $(BUILD)/tests/$*.status

programs: $(SCRIPTS:%=script_%) $(EXAMPLES) $(TESTS) \
          $(addprefix $(BUILD)/tests/,compare_transcripts mlp train digit_picture fuzz_load)

test_%: $(BUILD)/tests/test_%
	$<

test_digits: $(BUILD)/digits $(BUILD)/tests/digit_picture
	BUILD="$(BUILD)" sh tests/test_digits.sh

test_examples: $(addprefix $(BUILD)/,lab deploy curve cartpole embedded tests/test_mlp_files)
	BUILD="$(BUILD)" sh tests/test_examples.sh

# Each example is a whole program, but most of what it takes to compile is the header's implementation:
# FFNN_IMPLEMENTED says that it comes from elsewhere. The two others bring their own, without vectors,
# which compiles sooner: embedded's is for processors that have none.
$(filter-out $(BUILD)/quickstart $(BUILD)/embedded,$(EXAMPLES)): $(BUILD)/%: \
        examples/%.c $(BUILD)/ffnn.o $(HEADERS)
	$(COMPILE) -DFFNN_IMPLEMENTED -o $@ $< $(BUILD)/ffnn.o -lm

$(BUILD)/ffnn.o: ffnn.h
	@mkdir -p $(BUILD)
	@printf '#define FFNN_IMPLEMENTATION\n#include "ffnn.h"\n' > $(BUILD)/ffnn.c
	$(COMPILE) $(IMPLEMENTATION_FLAGS) -I. -c -o $@ $(BUILD)/ffnn.c

$(BUILD)/%: examples/%.c $(HEADERS)
	@mkdir -p $(BUILD)
	$(COMPILE) -DFFNN_NO_SIMD -o $@ $< -lm

# Every program in tests/ is built by this rule. LEVEL stands in for the -O2 of CFLAGS: without
# optimization a test compiles in a third of the time.
$(BUILD)/tests/%: tests/%.c $(HEADERS)
	@mkdir -p $(BUILD)/tests
	$(CC) $(CFLAGS:-O2=$(LEVEL)) $(WARNINGS) $(if $(filter %.o,$^),-DSHARED_IMPLEMENTATION) \
	    -o $@ $< $(filter %.o,$^) -lm $(THREADS)

# What takes longest to compile is the header's implementation, so the tests share one, optimized, but
# for those that change how it is compiled or look inside.
OWN_IMPLEMENTATION = test_faults test_has_activation test_hostile test_killed test_random \
                     test_saving test_stack_plain test_threads
$(addprefix $(BUILD)/tests/,mlp train) \
        $(filter-out $(OWN_IMPLEMENTATION:%=$(BUILD)/tests/%),$(TESTS)): $(BUILD)/tests/implementation.o

$(BUILD)/tests/implementation.o: tests/implementation.c $(HEADERS)
	@mkdir -p $(BUILD)/tests
	$(COMPILE) $(IMPLEMENTATION_FLAGS) -c -o $@ $<

# A few compute so much that -O1 pays; test_stack_plain measures what -O2 does, and the last two run
# for minutes, or draw what only -O2 draws.
LEVEL = -O0
$(addprefix $(BUILD)/tests/,fuzz_load test_gradients test_hostile test_properties test_stack): LEVEL = -O1
$(addprefix $(BUILD)/tests/,test_stack_plain activation_all pytorch): LEVEL = -O2

$(addprefix $(BUILD)/tests/,test_saving test_stack test_stack_plain test_threads): THREADS = -pthread

bench:
	@CC="$(CC)" CFLAGS="$(CFLAGS)" WARNINGS="$(WARNINGS)" BUILD="$(BUILD)" sh tests/bench.sh
	@$(MAKE) --no-print-directory bench_builds

bench_builds:
	@CC="$(CC)" BUILD="$(BUILD)" sh tests/bench_builds.sh

builds coverage analyse matrix:
	@BUILD="$(BUILD)" OWN_IMPLEMENTATION="$(OWN_IMPLEMENTATION)" sh tests/$@.sh

activations: $(ACTIVATIONS:%=activation_%)

$(ACTIVATIONS:%=activation_%): activation_%: $(BUILD)/tests/activation_all
	$< $* $(PART)

openmp:
	@CC="$(CC)" CFLAGS="$(CFLAGS) $(WARNINGS)" BUILD="$(BUILD)" sh tests/openmp.sh

sklearn: $(BUILD)/digits
	$(PYTHON) tests/compare_sklearn.py $(BUILD)/digits

pytorch: $(BUILD)/lab $(BUILD)/deploy \
         $(addprefix $(BUILD)/tests/,pytorch mlp train activation_all compare_transcripts test_mlp_files)
	$(PYTHON) tests/pytorch.py $(BUILD)

exported: $(BUILD)/tests/pytorch
	$(PYTHON) tests/exported.py $(BUILD)

prove:
	@BUILD="$(BUILD)" $(PYTHON) tests/prove/prove.py "$(SECTION)"

prove_mutants:
	@BUILD="$(BUILD)" $(PYTHON) tests/prove/prove.py mutants

fuzz:
	@mkdir -p $(BUILD)/corpus
	(cat tests/fuzz_load.dict; printf '"%s"\n' $(ACTIVATIONS)) > $(BUILD)/fuzz_load.dict
	clang -std=c99 -g -O2 -fsanitize=fuzzer,address,undefined -DFUZZER -o $(BUILD)/fuzz_load \
	    tests/fuzz_load.c -lm
	$(BUILD)/fuzz_load -max_len=1024 -dict=$(BUILD)/fuzz_load.dict $(FUZZ) $(BUILD)/corpus \
	    tests/corpus

reference:
	$(PYTHON) tests/reference/make_reference.py
	$(PYTHON) tests/reference/make_training_reference.py
	$(PYTHON) tests/reference/make_mlp_reference.py
	$(PYTHON) tests/corpus/make_corpus.py

digits.h:
	@mkdir -p $(BUILD)
	$(PYTHON) examples/data/pack_digits.py > $(BUILD)/digits.h
	mv $(BUILD)/digits.h examples/data/digits.h

dew_point.h:
	@mkdir -p $(BUILD)
	$(PYTHON) examples/data/make_embedded_weights.py > $(BUILD)/dew_point.h
	mv $(BUILD)/dew_point.h examples/data/dew_point.h

install: ffnn.h
	mkdir -p $(DESTDIR)$(PREFIX)/include
	cp ffnn.h $(DESTDIR)$(PREFIX)/include/ffnn.h

clean:
	rm -rf $(BUILD)
