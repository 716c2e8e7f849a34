
/* Assumed of ffnn__source_read, which may read a file: what it says it has read, it has. */
/*@ requires \valid(source);
    terminates \true;
    assigns *source;
    ensures \result == FFNN_OK ==>
        size <= source->size && \valid_read(source->bytes + (0 .. size - 1)); */
