#pragma once

// Whether the library is compiled with every source file that uses it, or once for a whole program.
//
// Header-only is the default: nothing is to be linked, and each source file that includes a header with
// sockets behind it reads Asio (some seconds of a compiler) and compiles what it uses of it. A program that
// defines STATWIRE_SEPARATE_COMPILATION for all of its source files takes from the headers only declarations
// where the work is done by Asio, and compiles the definitions once: in the one source file that includes
// <statwire/src.hpp>, or by linking the object of src/statwire.cpp. Both ways behave the same.
//
// All source files of a program must agree: the macro decides whether functions are inline. A definition that
// depends on it stands in a file impl/NAME.ipp beside its NAME.hpp, marked STATWIRE_DECL.

#if defined(STATWIRE_SEPARATE_COMPILATION)
#define STATWIRE_DECL
#else
#define STATWIRE_DECL inline
#endif

// So are the usual instances of class templates; but not with Clang before 16, which instantiates then also
// the members whose constraints are not met (LLVM issue 52625).
#if defined(STATWIRE_SEPARATE_COMPILATION) && !(defined(__clang__) && __clang_major__ < 16)
#define STATWIRE_EXTERN_TEMPLATES
#endif
