
/* A model of the memory for entries: an array of its own, which overlaps nothing else. */
enum { ENTRIES = 1 << 24 };
extern ffnn__entry entry_memory[ENTRIES];
