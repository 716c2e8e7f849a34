/* safetensors_checker.h: a second, slow and plain reader of weights files, to judge ffnn.h by.

   It shares neither code nor structure with ffnn.h, on purpose: only activations.h, the tests' list of
   names, is included before it. It looks at the whole file three times, each time for one thing:

       1. the header is UTF-8
       2. it is JSON: recursive descent, one function per line of the grammar, into a tree
       3. the tree keeps the rules of the format, and the tensors fill the data

   Then checker_read_network() says of which network, if any, the tensors are: it counts the orders in
   which layers fit, set by set, where ffnn.h goes forward and back.

   Its memory is static, and its files are therefore limited to CHECKER_LIMIT bytes of header. */
#ifndef SAFETENSORS_CHECKER_H
#define SAFETENSORS_CHECKER_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHECKER_LIMIT = 65536,     /* bytes of a header */
    CHECKER_MAX_TENSORS = 2048, /* the shortest entry that is well formed has over 40 bytes */
    CHECKER_MAX_IGNORED = 64,  /* levels of an ignored field */
    CHECKER_MAX_LEVELS = CHECKER_MAX_IGNORED + 2 /* the header and an entry are levels, too */
};

typedef enum checker_kind {
    CHECKER_WORD, /* true, false or null */
    CHECKER_NUMBER,
    CHECKER_STRING,
    CHECKER_ARRAY,
    CHECKER_OBJECT
} checker_kind;

/* Some text, not ended by a zero: strings may contain one. */
typedef struct checker_text {
    const char *at;
    size_t length;
} checker_text;

typedef struct checker_value {
    checker_kind kind;
    checker_text text;                   /* a string's characters, or the number or word itself */
    checker_text key;                    /* if this is a member of an object */
    const struct checker_value *members; /* of an array or object, in order */
    struct checker_value *next;          /* member of the same array or object */
} checker_value;

typedef struct checker_dtype {
    const char *name;
    uint64_t bits; /* of an element */
} checker_dtype;

typedef struct checker_tensor {
    checker_text name;
    checker_dtype dtype;
    const checker_value *shape;
    uint64_t begin, end;
} checker_tensor;

/* What is in a file. */
typedef struct checker_file {
    const char *flaw; /* the rule that the file breaks; NULL: it is well formed */
    checker_tensor tensors[CHECKER_MAX_TENSORS];
    size_t count;
    size_t data, data_size; /* where the tensors' bytes are */
    uint64_t claimed; /* how large the file has to be for its last tensor; 0: not found out */
    int says_activations;
    checker_text activations; /* the last of that key in the metadata */
    checker_text layers; /* the same; at is NULL if there are none */
    checker_text optimizer, steps; /* the same; at is NULL if there are none */
} checker_file;

static checker_file checker;

/* ---- 1. UTF-8 ------------------------------------------------------------------------------ */

/* The well-formed byte sequences: table 3-7 of the Unicode standard, row by row. */
static const struct {
    unsigned char length, ranges[4][2];
} checker_utf8_rows[] = {
    {1, {{0x00, 0x7F}}},
    {2, {{0xC2, 0xDF}, {0x80, 0xBF}}},
    {3, {{0xE0, 0xE0}, {0xA0, 0xBF}, {0x80, 0xBF}}},
    {3, {{0xE1, 0xEC}, {0x80, 0xBF}, {0x80, 0xBF}}},
    {3, {{0xED, 0xED}, {0x80, 0x9F}, {0x80, 0xBF}}},
    {3, {{0xEE, 0xEF}, {0x80, 0xBF}, {0x80, 0xBF}}},
    {4, {{0xF0, 0xF0}, {0x90, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}}},
    {4, {{0xF1, 0xF3}, {0x80, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}}},
    {4, {{0xF4, 0xF4}, {0x80, 0x8F}, {0x80, 0xBF}, {0x80, 0xBF}}},
};

static int checker_fits_row(const unsigned char *bytes, size_t left, size_t row) {
    for (size_t i = 0; i < checker_utf8_rows[row].length; ++i) {
        if (i >= left) return 0;
        if (bytes[i] < checker_utf8_rows[row].ranges[i][0] ||
            bytes[i] > checker_utf8_rows[row].ranges[i][1])
            return 0;
    }
    return 1;
}

static int checker_is_utf8(const unsigned char *bytes, size_t size) {
    size_t at = 0, row;
    while (at < size) {
        for (row = 0; row < 9 && !checker_fits_row(bytes + at, size - at, row); ++row) continue;
        if (row == 9) return 0;
        at += checker_utf8_rows[row].length;
    }
    return 1;
}

/* ---- 2. JSON ------------------------------------------------------------------------------- */
/* RFC 8259. A parse function returns NULL or 0 if the text at checker_at is not what it is for. */

static const char *checker_at, *checker_end;
static checker_value checker_values[CHECKER_LIMIT + 1]; /* a value has at least one byte */
static size_t checker_value_count;
static char checker_characters[CHECKER_LIMIT]; /* a decoded string is never the longer one */
static size_t checker_character_count;

static int checker_sees(char c) {
    return checker_at < checker_end && *checker_at == c;
}

static int checker_take(char c) {
    if (!checker_sees(c)) return 0;
    ++checker_at;
    return 1;
}

/* ws = *( %x20 / %x09 / %x0A / %x0D ) */
static void checker_white_space(void) {
    while (checker_take(' ') || checker_take('\t') || checker_take('\n') || checker_take('\r'))
        continue;
}

static int checker_take_any_of(const char *characters) {
    for (; *characters != '\0'; ++characters)
        if (checker_take(*characters))
            return 1;
    return 0;
}

static int checker_take_digits(void) {
    int count = 0;
    while (checker_take_any_of("0123456789")) ++count;
    return count;
}

/* number = [ minus ] int [ frac ] [ exp ] */
static int checker_take_number(void) {
    checker_take('-');
    if (!checker_take('0') && checker_take_digits() == 0) return 0;
    if (checker_take('.') && checker_take_digits() == 0) return 0;
    if (checker_take_any_of("eE")) {
        checker_take_any_of("+-");
        if (checker_take_digits() == 0) return 0;
    }
    return 1;
}

static int checker_take_word(const char *word) {
    size_t length = strlen(word);
    if ((size_t)(checker_end - checker_at) < length || memcmp(checker_at, word, length) != 0)
        return 0;
    checker_at += length;
    return 1;
}

/* 4HEXDIG */
static int checker_take_code_unit(uint32_t *unit) {
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    *unit = 0;
    for (int i = 0; i < 4; ++i) {
        uint32_t digit = 0;
        while (digit < 16 && !checker_take(lower[digit]) && !checker_take(upper[digit])) ++digit;
        if (digit == 16) return 0;
        *unit = *unit * 16 + digit;
    }
    return 1;
}

static void checker_put(uint32_t byte) {
    checker_characters[checker_character_count++] = (char)(unsigned char)byte;
}

static void checker_put_code_point(uint32_t c) {
    if (c < 0x80) {
        checker_put(c);
    } else if (c < 0x800) {
        checker_put(0xC0 | c >> 6);
        checker_put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        checker_put(0xE0 | c >> 12);
        checker_put(0x80 | (c >> 6 & 0x3F));
        checker_put(0x80 | (c & 0x3F));
    } else {
        checker_put(0xF0 | c >> 18);
        checker_put(0x80 | (c >> 12 & 0x3F));
        checker_put(0x80 | (c >> 6 & 0x3F));
        checker_put(0x80 | (c & 0x3F));
    }
}

/* What follows \u: one code unit, or two that are a surrogate pair. */
static int checker_unicode_escape(void) {
    uint32_t unit, second;
    if (!checker_take_code_unit(&unit)) return 0;
    if (unit < 0xD800 || unit >= 0xE000) {
        checker_put_code_point(unit);
        return 1;
    }
    if (unit >= 0xDC00)
        return 0; /* a low surrogate that no high one precedes */
    if (!checker_take('\\') || !checker_take('u') || !checker_take_code_unit(&second)) return 0;
    if (second < 0xDC00 || second >= 0xE000) return 0;
    checker_put_code_point(0x10000 + (unit - 0xD800) * 0x400 + (second - 0xDC00));
    return 1;
}

static int checker_escape(void) {
    if (checker_take('b'))
        checker_put(0x08);
    else if (checker_take('f'))
        checker_put(0x0C);
    else if (checker_take('n'))
        checker_put(0x0A);
    else if (checker_take('r'))
        checker_put(0x0D);
    else if (checker_take('t'))
        checker_put(0x09);
    else if (checker_take('u'))
        return checker_unicode_escape();
    else if (checker_take_any_of("\"\\/"))
        checker_put((unsigned char)checker_at[-1]);
    else
        return 0;
    return 1;
}

/* string = quotation-mark *char quotation-mark */
static int checker_string(checker_text *text) {
    text->at = checker_characters + checker_character_count;
    if (!checker_take('"')) return 0;
    while (!checker_take('"')) {
        if (checker_at == checker_end) return 0;
        if (checker_take('\\')) {
            if (!checker_escape()) return 0;
        } else if ((unsigned char)*checker_at < 0x20) {
            return 0;
        } else {
            checker_put((unsigned char)*checker_at++);
        }
    }
    text->length = (size_t)(checker_characters + checker_character_count - text->at);
    return 1;
}

static checker_value *checker_parse(int level);

/* [ value *( , value ) ]  or  { string : value *( , string : value ) } */
static int checker_members(checker_value *parent, char close, int level) {
    checker_value *last = NULL, *value;
    checker_text key = {NULL, 0};
    checker_white_space();
    if (checker_take(close)) return 1;
    do {
        checker_white_space();
        if (parent->kind == CHECKER_OBJECT) {
            if (!checker_string(&key)) return 0;
            checker_white_space();
            if (!checker_take(':')) return 0;
        }
        value = checker_parse(level + 1);
        if (value == NULL) return 0;
        value->key = key;
        if (last == NULL)
            parent->members = value;
        else
            last->next = value;
        last = value;
    } while (checker_take(','));
    return checker_take(close);
}

/* value = ws ( object / array / number / string / false / null / true ) ws */
static checker_value *checker_parse(int level) {
    checker_value *value = &checker_values[checker_value_count++];
    int good;
    memset(value, 0, sizeof *value);
    checker_white_space();
    const char *begin = checker_at;
    if (checker_sees('"')) {
        value->kind = CHECKER_STRING;
        good = checker_string(&value->text);
    } else if (checker_sees('{') || checker_sees('[')) {
        value->kind = checker_sees('{') ? CHECKER_OBJECT : CHECKER_ARRAY;
        ++checker_at;
        good = level <= CHECKER_MAX_LEVELS &&
               checker_members(value, *begin == '{' ? '}' : ']', level);
    } else {
        value->kind = CHECKER_WORD;
        good = checker_take_word("true") || checker_take_word("false") || checker_take_word("null");
        if (!good) {
            value->kind = CHECKER_NUMBER;
            good = checker_take_number();
        }
        value->text.at = begin;
        value->text.length = (size_t)(checker_at - begin);
    }
    checker_white_space();
    return good ? value : NULL;
}

/* ---- 3. the rules -------------------------------------------------------------------------- */

static int checker_equal(checker_text a, checker_text b) {
    return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

static int checker_is(checker_text text, const char *expected) {
    checker_text other = {expected, strlen(expected)};
    return checker_equal(text, other);
}

static int checker_is_digit(char c) {
    return c >= '0' && c <= '9';
}

static void checker_drop_first(checker_text *text) {
    ++text->at;
    --text->length;
}

/* Digits of a number below 2^64. */
static int checker_digits(checker_text digits, uint64_t *number) {
    *number = 0;
    for (size_t i = 0; i < digits.length; ++i) {
        if (!checker_is_digit(digits.at[i])) return 0;
        uint64_t digit = (uint64_t)(digits.at[i] - '0');
        if (*number > (UINT64_MAX - digit) / 10) return 0;
        *number = *number * 10 + digit;
    }
    return 1;
}

static int checker_unsigned(const checker_value *value, uint64_t *number) {
    return value->kind == CHECKER_NUMBER && checker_digits(value->text, number);
}

static int checker_multiply(uint64_t *product, uint64_t factor) {
    if (factor != 0 && *product > UINT64_MAX / factor) return 0;
    *product *= factor;
    return 1;
}

/* The levels of brackets in a value. */
static int checker_levels(const checker_value *value) {
    int deepest = 0, levels;
    for (const checker_value *member = value->members; member != NULL; member = member->next) {
        levels = checker_levels(member);
        deepest = levels > deepest ? levels : deepest;
    }
    return deepest + (value->kind == CHECKER_ARRAY || value->kind == CHECKER_OBJECT);
}

static const checker_dtype checker_float = {"F32", 32};

static const checker_dtype checker_dtypes[] = {
    {"F32", 32}, {"F64", 64}, {"F16", 16}, {"BF16", 16}, {"F8_E4M3", 8}, {"F8_E5M2", 8},
    {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"F6_E2M3", 6}, {"F6_E3M2", 6},
    {"F4", 4}, {"C64", 64}, {"I64", 64}, {"U64", 64}, {"I32", 32}, {"U32", 32}, {"I16", 16},
    {"U16", 16}, {"I8", 8}, {"U8", 8}, {"BOOL", 8}};

static int checker_find_dtype(const checker_value *value, checker_tensor *tensor) {
    if (value->kind != CHECKER_STRING) return 0;
    for (size_t i = 0; i < sizeof checker_dtypes / sizeof checker_dtypes[0]; ++i) {
        tensor->dtype = checker_dtypes[i];
        if (checker_is(value->text, tensor->dtype.name)) return 1;
    }
    return 0;
}

static const char *checker_shape(const checker_value *shape) {
    uint64_t ignored;
    if (shape->kind != CHECKER_ARRAY) return "a shape is an array";
    for (const checker_value *size = shape->members; size != NULL; size = size->next)
        if (!checker_unsigned(size, &ignored))
            return "a shape is of non-negative integers below 2^64";
    return NULL;
}

static const char *checker_offsets(const checker_value *offsets, checker_tensor *tensor) {
    const checker_value *begin = offsets->members, *end;
    if (offsets->kind != CHECKER_ARRAY || begin == NULL || begin->next == NULL)
        return "offsets are an array of two";
    end = begin->next;
    if (end->next != NULL) return "offsets are an array of two";
    if (!checker_unsigned(begin, &tensor->begin) || !checker_unsigned(end, &tensor->end))
        return "offsets are non-negative integers below 2^64";
    return NULL;
}

static const char *checker_entry(const checker_value *entry, checker_tensor *tensor) {
    const checker_value *field;
    const char *flaw = NULL;
    int dtypes = 0, shapes = 0, offsets = 0;
    if (entry->kind != CHECKER_OBJECT) return "a tensor is an object";
    for (field = entry->members; field != NULL && flaw == NULL; field = field->next) {
        if (checker_is(field->key, "dtype")) {
            ++dtypes;
            flaw = checker_find_dtype(field, tensor) ? NULL : "a dtype is one of those known";
        } else if (checker_is(field->key, "shape")) {
            ++shapes;
            tensor->shape = field;
            flaw = checker_shape(field);
        } else if (checker_is(field->key, "data_offsets")) {
            ++offsets;
            flaw = checker_offsets(field, tensor);
        } else if (checker_levels(field) > CHECKER_MAX_IGNORED) {
            flaw = "ignored fields are not nested too deeply";
        }
    }
    if (flaw == NULL && (dtypes != 1 || shapes != 1 || offsets != 1))
        flaw = "dtype, shape and data_offsets are there once each";
    return flaw;
}

static const char *checker_metadata(const checker_value *metadata) {
    if (metadata->kind == CHECKER_WORD && checker_is(metadata->text, "null")) return NULL;
    if (metadata->kind != CHECKER_OBJECT) return "__metadata__ is an object";
    for (const checker_value *member = metadata->members; member != NULL; member = member->next) {
        if (member->kind != CHECKER_STRING) return "__metadata__ is of strings";
        if (checker_is(member->key, "activations")) {
            checker.says_activations = 1;
            checker.activations = member->text;
        }
        if (checker_is(member->key, "layers")) checker.layers = member->text;
        if (checker_is(member->key, "optimizer")) checker.optimizer = member->text;
        if (checker_is(member->key, "steps")) checker.steps = member->text;
    }
    return NULL;
}

/* Adds a tensor; a name that is there already is replaced: the last one counts. */
static void checker_add(const checker_tensor *tensor) {
    size_t i = 0;
    while (i < checker.count && !checker_equal(checker.tensors[i].name, tensor->name)) ++i;
    checker.tensors[i] = *tensor;
    checker.count += i == checker.count;
}

static const char *checker_header(const checker_value *header) {
    const char *flaw;
    int metadata = 0;
    if (header->kind != CHECKER_OBJECT) return "the header is an object";
    for (const checker_value *member = header->members; member != NULL; member = member->next) {
        checker_tensor tensor;
        memset(&tensor, 0, sizeof tensor);
        tensor.name = member->key;
        if (checker_is(member->key, "__metadata__")) {
            flaw = ++metadata > 1 ? "__metadata__ is there once" : checker_metadata(member);
        } else {
            flaw = checker_entry(member, &tensor);
            checker_add(&tensor);
        }
        if (flaw != NULL) return flaw;
    }
    return NULL;
}

static const char *checker_size(const checker_tensor *tensor) {
    uint64_t bits = 1, factor;
    for (const checker_value *size = tensor->shape->members; size != NULL; size = size->next)
        if (!checker_unsigned(size, &factor) || !checker_multiply(&bits, factor))
            return "a count of elements fits 64 bits";
    if (!checker_multiply(&bits, tensor->dtype.bits)) return "a count of bits fits 64 bits";
    if (bits % 8 != 0) return "a tensor is of whole bytes";
    if (tensor->begin > tensor->end || tensor->end - tensor->begin != bits / 8)
        return "offsets are as far apart as the tensor is large";
    return NULL;
}

/* Walks over the data: each step takes, of the tensors that are left, the one that begins first
   (and of those the one that ends first), which must begin where the walk has come to. */
static const char *checker_fill(void) {
    static int taken[CHECKER_MAX_TENSORS];
    uint64_t reached = 0;
    memset(taken, 0, checker.count * sizeof taken[0]);
    for (size_t step = 0; step < checker.count; ++step) {
        const checker_tensor *next = NULL;
        for (size_t i = 0; i < checker.count; ++i) {
            const checker_tensor *other = &checker.tensors[i];
            if (!taken[i] && (next == NULL || other->begin < next->begin ||
                              (other->begin == next->begin && other->end < next->end)))
                next = other;
        }
        if (next->begin != reached)
            return reached > next->begin ? "tensors do not overlap" : "tensors leave no hole";
        reached = next->end;
        taken[next - checker.tensors] = 1;
    }
    checker.claimed = checker.data + reached;
    return reached == checker.data_size ? NULL : "the last tensor ends with the file";
}

/* Fills in `checker` but for flaw, which it returns. */
static const char *checker_check(const unsigned char *file, size_t size) {
    const checker_value *header;
    uint64_t length = 0;
    if (size < 8) return "a file has 8 bytes or more";
    for (size_t i = 0; i < 8; ++i) length |= (uint64_t)file[i] << 8 * i;
    if (length > 100000000) return "a header has 100,000,000 bytes or less";
    if (length > size - 8) return "the header ends within the file";
    if (length > CHECKER_LIMIT)
        abort(); /* the test asks for more than this checker can */
    checker.data = 8 + (size_t)length;
    checker.data_size = size - checker.data;
    if (!checker_is_utf8(file + 8, (size_t)length)) return "the header is UTF-8";
    checker_at = (const char *)file + 8;
    checker_end = checker_at + length;
    checker_value_count = checker_character_count = 0;
    header = length > 0 ? checker_parse(1) : NULL;
    if (header == NULL || checker_at != checker_end) return "the header is JSON";
    const char *flaw = checker_header(header);
    for (size_t i = 0; i < checker.count && flaw == NULL; ++i)
        flaw = checker_size(&checker.tensors[i]);
    if (flaw != NULL) return flaw;
    return checker_fill();
}

static inline void checker_read(const unsigned char *file, size_t size) {
    checker.count = 0;
    checker.says_activations = 0;
    checker.layers.at = checker.optimizer.at = checker.steps.at = NULL;
    checker.claimed = 0;
    checker.flaw = checker_check(file, size);
}

/* ---- what tests ask about a tensor --------------------------------------------------------- */

static inline int checker_is_float(const checker_tensor *tensor) {
    return strcmp(tensor->dtype.name, checker_float.name) == 0;
}

/* How numbers stand in a file: below the sign an exponent, below that a fraction. */
static const struct {
    const char *dtype;
    size_t bytes;
    int exponent_bits, fraction_bits;
} checker_formats[] = {{"F16", 2, 5, 10}, {"BF16", 2, 8, 7}, {"F32", 4, 8, 23}, {"F64", 8, 11, 52}};

enum { CHECKER_FORMATS = 4 };

/* The row of a tensor's numbers; CHECKER_FORMATS if they are none that a network can have. */
static inline size_t checker_format_of(const checker_tensor *tensor) {
    size_t format = 0;
    while (format < CHECKER_FORMATS &&
           strcmp(tensor->dtype.name, checker_formats[format].dtype) != 0)
        ++format;
    return format;
}

/* An element's sign and its value without that, by the definition of IEEE 754, exactly. */
static inline double checker_element(const unsigned char *file, const checker_tensor *tensor,
                                     size_t index, int *is_negative) {
    size_t format = checker_format_of(tensor), bytes = checker_formats[format].bytes;
    const unsigned char *at = file + checker.data + tensor->begin + index * bytes;
    int exponent_bits = checker_formats[format].exponent_bits;
    int fraction_bits = checker_formats[format].fraction_bits;
    int bias = (1 << (exponent_bits - 1)) - 1;
    uint64_t bits = 0, one = (uint64_t)1 << fraction_bits;
    for (size_t i = 0; i < bytes; ++i) bits += (uint64_t)at[i] << 8 * i;
    uint64_t fraction = bits % one, exponent = bits / one % ((uint64_t)1 << exponent_bits);
    *is_negative = at[bytes - 1] >= 128;
    if (exponent == ((uint64_t)1 << exponent_bits) - 1)
        return fraction == 0 ? (double)INFINITY : (double)NAN;
    if (exponent == 0) return ldexp((double)fraction, 1 - bias - fraction_bits);
    return ldexp((double)(one + fraction), (int)exponent - bias - fraction_bits);
}

/* Whether a tensor has two sizes; then which. */
static inline int checker_matrix(const checker_tensor *tensor, uint64_t *rows, uint64_t *cols) {
    const checker_value *first = tensor->shape->members;
    if (first == NULL || first->next == NULL || first->next->next != NULL) return 0;
    return checker_unsigned(first, rows) && checker_unsigned(first->next, cols);
}

/* The digits of the tensor's name if that is Wn; without any if it is not. */
static inline checker_text checker_lab_digits(const checker_tensor *tensor) {
    checker_text digits = tensor->name, none = {"", 0};
    if (digits.length < 2 || digits.at[0] != 'W' || digits.at[1] == '0') return none;
    checker_drop_first(&digits);
    for (size_t i = 0; i < digits.length; ++i)
        if (!checker_is_digit(digits.at[i])) return none;
    return digits;
}

/* ---- of which network a file is ------------------------------------------------------------ */

enum {
    CHECKER_MAX_LAYERS = 16,
    CHECKER_SURE_LAYERS = 9 /* a search for the order of so many is never given up */
};

typedef struct checker_layer {
    checker_text prefix;                 /* of PyTorch's names */
    const checker_tensor *weight, *bias; /* NULL: there is none */
    uint64_t inputs, outputs;
    int activation; /* its row in activations.h */
    float alpha;    /* as it is written, or torch.nn's */
} checker_layer;

typedef struct checker_network {
    const char *flaw; /* why the tensors are of no network; NULL: they are of this one */
    int is_too_deep;  /* the flaw is that there are more layers than a network can have */
    int is_doubtful;  /* a number lies in the middle between two floats */
    int is_hard;      /* so many layers that the search for their order may be given up */
    int is_pytorchs;  /* its names, and its layout: outputs x inputs */
    size_t count;
    checker_layer layers[CHECKER_MAX_TENSORS];
} checker_network;

static checker_network checker_net;

/* Whether a name is `kind` or `<prefix>.kind`, of which the prefix is not empty. */
static int checker_names_a(const char *kind, checker_text name, checker_text *prefix) {
    size_t length = strlen(kind);
    *prefix = name;
    if (name.length < length || memcmp(name.at + name.length - length, kind, length) != 0) return 0;
    prefix->length = name.length - length;
    if (prefix->length == 0) return 1;
    --prefix->length;
    return prefix->length > 0 && name.at[prefix->length] == '.';
}

/* The tensor that is this layer's weight, or bias; NULL if there is none. */
static const checker_tensor *checker_tensor_of(checker_text layer, const char *kind) {
    checker_text prefix;
    for (size_t i = 0; i < checker.count; ++i)
        if (checker_names_a(kind, checker.tensors[i].name, &prefix) && checker_equal(prefix, layer))
            return &checker.tensors[i];
    return NULL;
}

static void checker_add_layer(checker_text prefix) {
    checker_layer *layer = &checker_net.layers[checker_net.count++];
    memset(layer, 0, sizeof *layer);
    layer->prefix = prefix;
    layer->weight = checker_tensor_of(prefix, "weight");
    layer->bias = checker_tensor_of(prefix, "bias");
}

static const char *checker_too_deep(void) {
    checker_net.is_too_deep = 1;
    return "there are no more layers than a network can have";
}

/* Takes what stands before the next space, and that space, off a text. */
static checker_text checker_take_to_space(checker_text *text) {
    checker_text taken = *text;
    while (text->length > 0 && *text->at != ' ') checker_drop_first(text);
    taken.length -= text->length;
    if (text->length > 0) checker_drop_first(text);
    return taken;
}

/* The layers that the metadata name, with one space between. */
static const char *checker_named_layers(void) {
    checker_text left = checker.layers;
    size_t spaces = 0;
    for (size_t i = 0; i < left.length; ++i) spaces += left.at[i] == ' ';
    checker_net.is_pytorchs = 1;
    if (spaces + 1 > CHECKER_MAX_LAYERS) return checker_too_deep();
    for (size_t i = 0; i <= spaces; ++i) checker_add_layer(checker_take_to_space(&left));
    return NULL;
}

/* W1, W2, ..., so many. */
static const char *checker_lab_layers(size_t count) {
    for (size_t i = 0; i < count; ++i) {
        checker_layer *layer = &checker_net.layers[checker_net.count++];
        memset(layer, 0, sizeof *layer);
        for (size_t k = 0; k < checker.count; ++k) {
            uint64_t number;
            if (checker_digits(checker_lab_digits(&checker.tensors[k]), &number) && number == i + 1)
                layer->weight = &checker.tensors[k];
        }
        if (layer->weight == NULL) return "a layer is missing";
    }
    return NULL;
}

/* All tensors make layers. */
static const char *checker_all_layers(void) {
    size_t lab = 0, weights = 0, biases = 0;
    checker_text prefix;
    for (size_t i = 0; i < checker.count; ++i) {
        if (checker_lab_digits(&checker.tensors[i]).length > 0) ++lab;
        else if (checker_names_a("weight", checker.tensors[i].name, &prefix)) ++weights;
        else if (checker_names_a("bias", checker.tensors[i].name, &prefix)) ++biases;
        else return "a tensor has a name that no network knows";
    }
    checker_net.is_pytorchs = lab == 0;
    if (lab > 0 && weights + biases > 0) return "there are both kinds of names";
    if (lab > CHECKER_MAX_LAYERS || weights > CHECKER_MAX_LAYERS) return checker_too_deep();
    if (lab > 0) return checker_lab_layers(lab);
    for (size_t i = 0; i < checker.count; ++i) {
        if (checker_names_a("weight", checker.tensors[i].name, &prefix)) checker_add_layer(prefix);
        else if (checker_names_a("bias", checker.tensors[i].name, &prefix) &&
                 checker_tensor_of(prefix, "weight") == NULL)
            return "a bias has a weight";
    }
    return checker_net.count > 0 ? NULL : "there are layers";
}

/* A bias is as many numbers as there are outputs. */
static int checker_is_bias(const checker_tensor *bias, uint64_t outputs) {
    uint64_t length;
    const checker_value *first = bias->shape->members;
    if (first == NULL || first->next != NULL) return 0;
    return checker_unsigned(first, &length) && length == outputs;
}

static const char *checker_sizes(checker_layer *layer) {
    uint64_t rows, cols;
    if (layer->weight == NULL || !checker_matrix(layer->weight, &rows, &cols) ||
        checker_format_of(layer->weight) == CHECKER_FORMATS)
        return "a weight is a matrix of numbers that become floats";
    layer->inputs = checker_net.is_pytorchs ? cols : rows;
    layer->outputs = checker_net.is_pytorchs ? rows : cols;
    if (layer->inputs == 0 || layer->outputs == 0) return "a layer has inputs and outputs";
    if ((layer->bias != NULL) != (checker_net.layers[0].bias != NULL))
        return "all layers have a bias, or none";
    if (layer->bias != NULL && (!checker_is_bias(layer->bias, layer->outputs) ||
                                checker_format_of(layer->bias) == CHECKER_FORMATS))
        return "a bias is as many numbers as there are outputs";
    return NULL;
}

/* ---- in which order its layers stand ------------------------------------------------------- */

/* Takes a number, or else one character, off the front; leading zeros are dropped. */
static checker_text checker_take_piece(checker_text *text) {
    checker_text piece = *text;
    if (checker_is_digit(*text->at)) {
        while (text->length > 0 && checker_is_digit(*text->at)) checker_drop_first(text);
        piece.length -= text->length;
        while (piece.length > 1 && *piece.at == '0') checker_drop_first(&piece);
    } else {
        checker_drop_first(text);
        piece.length = 1;
    }
    return piece;
}

/* -1, 0 or 1: of two numbers. */
static int checker_compare_numbers(checker_text a, checker_text b) {
    if (a.length != b.length) return a.length < b.length ? -1 : 1;
    for (size_t i = 0; i < a.length; ++i)
        if (a.at[i] != b.at[i]) return a.at[i] < b.at[i] ? -1 : 1;
    return 0;
}

/* Whether a must stand before b: but for numbers they are equal, and the first two numbers that
   differ say so. */
static int checker_stands_before(checker_text a, checker_text b) {
    int order = 0;
    while (a.length > 0 && b.length > 0) {
        checker_text x = checker_take_piece(&a), y = checker_take_piece(&b);
        int numbers = checker_is_digit(*x.at) + checker_is_digit(*y.at);
        int difference = checker_compare_numbers(x, y);
        if (numbers == 1 || (numbers == 0 && difference != 0)) return 0;
        if (order == 0) order = difference;
    }
    return a.length == 0 && b.length == 0 && order < 0;
}

/* Sets of layers have a bit for each. Of each layer the set that must stand before it; of each set
   and each layer of it how many orders there are of the set, from the network's inputs on, in which
   that one is the last: 2 stands for more. */
static size_t checker_before[CHECKER_MAX_LAYERS];
static unsigned char checker_orders[(size_t)1 << CHECKER_MAX_LAYERS][CHECKER_MAX_LAYERS];

static size_t checker_bit(size_t layer) { return (size_t)1 << layer; }

static void checker_compare_layers(void) {
    for (size_t i = 0; i < checker_net.count; ++i) {
        checker_before[i] = 0;
        for (size_t k = 0; k < checker_net.count; ++k)
            if (checker_stands_before(checker_net.layers[k].prefix, checker_net.layers[i].prefix))
                checker_before[i] |= checker_bit(k);
    }
}

/* Whether the layer can stand behind a set of which last is the last one. */
static int checker_follows(size_t layer, size_t set, size_t last) {
    if ((set & checker_bit(layer)) != 0 || (checker_before[layer] & ~set) != 0) return 0;
    return set == 0 || checker_net.layers[last].outputs == checker_net.layers[layer].inputs;
}

/* Counts the orders of all sets, small ones first; returns how many there are of all layers. */
static unsigned checker_count_orders(void) {
    size_t n = checker_net.count, all = checker_bit(n) - 1;
    unsigned count = 0;
    checker_compare_layers();
    memset(checker_orders, 0, (all + 1) * sizeof checker_orders[0]);
    for (size_t i = 0; i < n; ++i)
        checker_orders[checker_bit(i)][i] = (unsigned char)checker_follows(i, 0, 0);
    for (size_t set = 1; set < all; ++set) {
        for (size_t last = 0; last < n; ++last) {
            if (checker_orders[set][last] == 0) continue;
            for (size_t next = 0; next < n; ++next) {
                if (!checker_follows(next, set, last)) continue;
                unsigned char *orders = &checker_orders[set | checker_bit(next)][next];
                *orders = *orders + checker_orders[set][last] > 1 ? 2 : 1;
            }
        }
    }
    for (size_t last = 0; last < n; ++last) count += checker_orders[all][last];
    return count;
}

/* Puts layers into the one order that there is, from the last one on. */
static void checker_sort_layers(void) {
    static checker_layer sorted[CHECKER_MAX_LAYERS];
    size_t n = checker_net.count, set = checker_bit(n) - 1, behind = 0;
    for (size_t place = n; place > 0; --place) {
        size_t last = 0;
        while (checker_orders[set][last] == 0 ||
               (place < n && !checker_follows(behind, set, last)))
            ++last;
        sorted[place - 1] = checker_net.layers[last];
        behind = last;
        set &= ~checker_bit(last);
    }
    memcpy(checker_net.layers, sorted, n * sizeof sorted[0]);
}

static const char *checker_order(void) {
    if (checker_net.is_pytorchs && checker.layers.at == NULL) {
        unsigned count = checker_count_orders();
        if (count == 0) return "there is an order in which layers fit";
        if (count > 1) return "there is one order in which layers fit";
        checker_net.is_hard = checker_net.count > CHECKER_SURE_LAYERS;
        checker_sort_layers();
    }
    for (size_t i = 1; i < checker_net.count; ++i)
        if (checker_net.layers[i - 1].outputs != checker_net.layers[i].inputs) return "sizes chain";
    return NULL;
}

/* ---- its activations ----------------------------------------------------------------------- */

static int checker_take_run_of_digits(checker_text *text) {
    size_t before = text->length;
    while (text->length > 0 && checker_is_digit(*text->at)) checker_drop_first(text);
    return text->length < before;
}

static int checker_take_one_of(checker_text *text, const char *characters) {
    if (text->length == 0 || *text->at == '\0' || strchr(characters, *text->at) == NULL) return 0;
    checker_drop_first(text);
    return 1;
}

/* Whether all of a text is one number, as JSON writes them. */
static int checker_is_number(checker_text text) {
    checker_take_one_of(&text, "-");
    if (!checker_take_one_of(&text, "0") && !checker_take_run_of_digits(&text)) return 0;
    if (checker_take_one_of(&text, ".") && !checker_take_run_of_digits(&text)) return 0;
    if (checker_take_one_of(&text, "eE")) {
        checker_take_one_of(&text, "+-");
        if (!checker_take_run_of_digits(&text)) return 0;
    }
    return text.length == 0;
}

/* Whether a number is as near to another float as to the one that it is read as. */
static int checker_is_between(double exact, float read) {
    if (isinf(read)) return fabs(exact) < 3.4028237e38;
    float other = nextafterf(read, exact > (double)read ? INFINITY : -INFINITY);
    double to_read = fabs(exact - (double)read), to_other = fabs(exact - (double)other);
    return fabs(to_read - to_other) < 1e-6 * (to_read + to_other);
}

/* The number behind an activation's colon. A parameter of 0 makes a ReLU. */
static const char *checker_read_alpha(checker_layer *layer, checker_text number) {
    static char text[CHECKER_LIMIT + 1];
    if (layer->activation != FFNN_LEAKY_RELU && layer->activation != FFNN_ELU)
        return "only leaky_relu and elu have a parameter";
    if (!checker_is_number(number)) return "a parameter is a number";
    memcpy(text, number.at, number.length);
    text[number.length] = '\0';
    layer->alpha = strtof(text, NULL);
    if (checker_is_between(strtod(text, NULL), layer->alpha)) checker_net.is_doubtful = 1;
    if (isinf(layer->alpha)) return "a parameter is a float";
    if (fabsf(layer->alpha) <= 0) layer->activation = FFNN_RELU;
    return NULL;
}

/* relu, or leaky_relu:0.2 */
static const char *checker_read_activation(checker_layer *layer, checker_text text) {
    checker_text name = text, number = text;
    while (number.length > 0 && *number.at != ':') checker_drop_first(&number);
    name.length -= number.length;
    layer->activation = find_activation(name.at, name.length);
    layer->alpha = layer->activation == FFNN_LEAKY_RELU ? 0.01f : 1.0f;
    if (layer->activation == ACTIVATIONS) return "each layer has an activation that is known";
    if (number.length == 0) return NULL;
    checker_drop_first(&number);
    return checker_read_alpha(layer, number);
}

/* One name for each layer, with one space between; softmax only at the end. */
static const char *checker_read_activations(void) {
    checker_text left = checker.activations;
    for (size_t i = 0; i < checker_net.count; ++i) {
        int is_last = i + 1 == checker_net.count;
        checker_text name = left;
        while (left.length > 0 && *left.at != ' ') checker_drop_first(&left);
        name.length -= left.length;
        const char *flaw = checker_read_activation(&checker_net.layers[i], name);
        if (flaw != NULL) return flaw;
        if (checker_net.layers[i].activation == FFNN_SOFTMAX && !is_last)
            return "softmax is the last layer's";
        if (is_last) break;
        if (left.length == 0) return "there are activations for all layers";
        checker_drop_first(&left);
    }
    return left.length == 0 ? NULL : "there are activations for no more layers";
}

/* Of a file that is well formed. */
static inline void checker_read_network(void) {
    memset(&checker_net, 0, offsetof(checker_network, layers));
    checker_net.flaw = checker.layers.at != NULL ? checker_named_layers() : checker_all_layers();
    for (size_t i = 0; i < checker_net.count && checker_net.flaw == NULL; ++i) {
        checker_net.layers[i].activation = 0;
        checker_net.layers[i].alpha = 1;
        checker_net.flaw = checker_sizes(&checker_net.layers[i]);
    }
    if (checker_net.flaw == NULL) checker_net.flaw = checker_order();
    if (checker_net.flaw == NULL && checker.says_activations)
        checker_net.flaw = checker_read_activations();
}

/* ---- of which optimizer a file is ---------------------------------------------------------- */

/* Whether the metadata say this optimizer, and the number of steps. */
static inline int checker_steps(const char *optimizer, uint64_t *steps) {
    checker_text digits = checker.steps;
    if (checker.optimizer.at == NULL || digits.at == NULL) return 0;
    if (!checker_is(checker.optimizer, optimizer) || digits.length == 0) return 0;
    if (*digits.at == '0' && digits.length > 1) return 0;
    return checker_digits(digits, steps) && *steps <= UINT64_MAX / 2;
}

/* The matrix, or vector of cols if rows is 0, of floats with this name; NULL if there is none. */
static inline const checker_tensor *checker_find(const char *name, uint64_t rows, uint64_t cols) {
    uint64_t a, b;
    for (size_t i = 0; i < checker.count; ++i) {
        const checker_tensor *tensor = &checker.tensors[i];
        if (!checker_is(tensor->name, name)) continue;
        if (!checker_is_float(tensor)) return NULL;
        if (rows == 0) return checker_is_bias(tensor, cols) ? tensor : NULL;
        return checker_matrix(tensor, &a, &b) && a == rows && b == cols ? tensor : NULL;
    }
    return NULL;
}

#endif
