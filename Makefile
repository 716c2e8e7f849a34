# make            the examples, into build/
# make run        the lab's recorded run
# make test       everything that a C compiler can prove in some seconds
# make bench      how fast it is, beside FANN, OpenBLAS and PyTorch; the picture is build/bench.svg
# make matrix     the tests on every platform that there is a compiler for: minutes
# make coverage   which branches of the header the tests take
# make analyse    static analysis, valgrind and more sanitizers: minutes
# make install    the header, into PREFIX/include
# make clean
#
# CC and CFLAGS are yours: make test CC=clang CFLAGS="-O1 -fsanitize=address,undefined"

CC      ?= cc
CFLAGS  ?= -O2
PREFIX  ?= /usr/local
BUILD   ?= build

WARNINGS = -std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Wundef \
           -Wdouble-promotion -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes

EXAMPLES = $(patsubst examples/%.c,$(BUILD)/%,$(wildcard examples/*.c))
TESTS    = $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))
HEADERS  = ffnn.h $(wildcard examples/*.h examples/data/*.h tests/*.h tests/reference/*.h)

MAKEFLAGS += -j4 # the programs are independent of each other

.PHONY: all run test bench matrix coverage analyse install clean

all: $(EXAMPLES)

run: $(BUILD)/lab
	cd $(BUILD) && ./lab

test: $(EXAMPLES) $(TESTS) $(BUILD)/tests/compare_transcripts $(BUILD)/tests/mlp \
      $(BUILD)/tests/fuzz_load
	@CC="$(CC)" CFLAGS="$(CFLAGS) $(WARNINGS)" BUILD="$(BUILD)" sh tests/run.sh $(TESTS)

bench:
	@CC="$(CC)" CFLAGS="$(CFLAGS)" WARNINGS="$(WARNINGS)" BUILD="$(BUILD)" sh tests/bench.sh

$(BUILD)/%: examples/%.c $(HEADERS)
	@mkdir -p $(BUILD)
	$(CC) $(CFLAGS) $(WARNINGS) -o $@ $< -lm

$(BUILD)/tests/%: tests/%.c $(HEADERS)
	@mkdir -p $(BUILD)/tests
	$(CC) $(CFLAGS) $(WARNINGS) -o $@ $< $(SHARED) -lm $(THREADS)

$(BUILD)/tests/test_threads: THREADS = -pthread

# What takes longest to compile is the header's implementation: these tests share one.
SHARING = $(patsubst tests/%.c,$(BUILD)/tests/%,$(shell grep -L FFNN_IMPLEMENTATION tests/test_*.c))

$(SHARING): SHARED = -DSHARED_IMPLEMENTATION $(BUILD)/tests/implementation.o
$(SHARING): $(BUILD)/tests/implementation.o

$(BUILD)/tests/implementation.o: tests/implementation.c $(HEADERS)
	@mkdir -p $(BUILD)/tests
	$(CC) $(CFLAGS) $(WARNINGS) -c -o $@ $<

matrix coverage analyse:
	@BUILD="$(BUILD)" sh tests/$@.sh

install: ffnn.h
	mkdir -p $(DESTDIR)$(PREFIX)/include
	cp ffnn.h $(DESTDIR)$(PREFIX)/include/ffnn.h

clean:
	rm -rf $(BUILD)
