/* no_rows.h - forgets the macros of pointwise rows, so that the next reader can
   define its own. */
#undef UNARY
#undef BINARY
#undef TERNARY
#undef STEP1
#undef STEP2
#undef PART
#undef FORM
#undef MODE
