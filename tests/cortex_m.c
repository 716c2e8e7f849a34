/* cortex_m.c - what stands between a Cortex-M's reset and main, for programs that QEMU runs, and how
   much stack a call takes. Input and output are newlib's, by semihosting (librdimon). The linker
   script is cortex_m.ld. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv);
void initialise_monitor_handles(void); /* librdimon: opens stdin, stdout, stderr */
void __libc_init_array(void);
void *_sbrk(ptrdiff_t size);
size_t stack_taken_by(void (*call)(void));

extern unsigned char data_begin[], data_end[], data_in_flash[], bss_begin[], bss_end[];
extern unsigned char heap_begin[], stack_top[];

void reset(void);

/* Asks QEMU for something: Arm's "Semihosting for AArch32 and AArch64". */
static int semihost(uint32_t operation, uint32_t argument) {
    register uint32_t r0 __asm__("r0") = operation;
    register uint32_t r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int)r0;
}

static void fault(void) {
    enum { SYS_EXIT = 0x18, RUN_TIME_ERROR = 0x20023 };
    semihost(SYS_EXIT, RUN_TIME_ERROR);
}

/* The vector table: the first stack pointer, reset, NMI, and the kinds of faults. */
static const struct {
    const unsigned char *stack;
    void (*handlers[6])(void);
} vectors __attribute__((section(".vectors"), used)) = {
    stack_top, {reset, fault, fault, fault, fault, fault},
};

/* With the arguments that QEMU's -append holds, spaces between. */
static int run_main(void) {
    enum { SYS_GET_CMDLINE = 0x15, MOST = 8 };
    static char line[1024], *arguments[MOST + 1];
    uint32_t block[2] = {(uint32_t)line, sizeof line};
    int count = 0;
    if (semihost(SYS_GET_CMDLINE, (uint32_t)block) != 0) line[0] = '\0';
    for (char *word = strtok(line, " "); word != NULL && count < MOST; word = strtok(NULL, " "))
        arguments[count++] = word;
    return main(count, arguments);
}

void reset(void) {
#if defined(__ARM_FP)
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20; /* turn the floating-point unit on */
    __asm__ volatile("dsb\n isb");
#endif
    memcpy(data_begin, data_in_flash, (size_t)(data_end - data_begin));
    memset(bss_begin, 0, (size_t)(bss_end - bss_begin));
    initialise_monitor_handles();
    __libc_init_array();
    exit(run_main());
}

/* newlib's makes a link, which librdimon cannot. */
int rename(const char *from, const char *to) {
    enum { SYS_RENAME = 0x0F };
    uint32_t names[4] = {(uint32_t)from, strlen(from), (uint32_t)to, strlen(to)};
    if (semihost(SYS_RENAME, (uint32_t)names) == 0) return 0;
    errno = EIO;
    return -1;
}

/* malloc's memory lies between the variables and the stack, for which a quarter of it is kept. */
void *_sbrk(ptrdiff_t size) {
    static unsigned char *next = heap_begin;
    const unsigned char *limit = stack_top - (stack_top - heap_begin) / 4;
    if (size > limit - next) {
        errno = ENOMEM;
        return (void *)-1;
    }
    next += size;
    return next - size;
}

/* How many bytes of stack a call takes: those from here down that do not hold the paint any more. */
size_t stack_taken_by(void (*call)(void)) {
    enum { PAINTED = 32 * 1024, PAINT = 0xA5 };
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), at = here - PAINTED;
    for (; at < here - 64; ++at) *(volatile unsigned char *)at = PAINT;
    call();
    for (at = here - PAINTED; *(volatile unsigned char *)at == PAINT;) ++at;
    return here - at;
}
