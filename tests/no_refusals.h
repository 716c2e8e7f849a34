/* no_refusals.h: the system's functions again, for what a test does after it has included refusals.h
   and ffnn.h. */
#undef chmod
#undef fchmod
#undef fchmodat
#undef chown
#undef lchown
#undef fchown
#undef fchownat
