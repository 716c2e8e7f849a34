/* no_faults.h: the system's file functions again, for what a test does after it has included
   faults.h and ffnn.h. */
#undef fopen
#undef fwrite
#undef fread
#undef getc
#undef ferror
#undef fflush
#undef fclose
#undef rename
#undef remove
#undef stat
#undef chmod
#undef access
#undef fsync
#undef readlink
#undef _wfopen
#undef _wopen
#undef _fdopen
#undef _wremove
#undef _commit
