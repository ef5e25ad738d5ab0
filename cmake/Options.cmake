# Warnings, hardening (OpenSSF compiler guide) and sanitizers, collected in the interface target qb_flags.
include(CheckCCompilerFlag)

option(QUOTEBUS_WERROR "Warnings are errors" OFF)
option(QUOTEBUS_HARDEN "Hardened build flags" OFF)
set(QUOTEBUS_SANITIZE "" CACHE STRING "Value of -fsanitize")
option(QUOTEBUS_FUZZ "Build the fuzzers (clang)" OFF)

add_library(qb_flags INTERFACE)
target_compile_definitions(qb_flags INTERFACE _GNU_SOURCE QUOTEBUS_VERSION="${PROJECT_VERSION}")
target_compile_options(qb_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wformat=2 -Wimplicit-fallthrough -Wstrict-prototypes -Wmissing-prototypes
  -Wvla -Werror=implicit -Werror=incompatible-pointer-types -Werror=int-conversion -Werror=format-security)
# Fused multiply-adds give other last bits, and what validate publishes must be the same on every machine (lib/base/steady.h).
target_compile_options(qb_flags INTERFACE -ffp-contract=off)
if(QUOTEBUS_WERROR)
  target_compile_options(qb_flags INTERFACE -Werror)
endif()

if(QUOTEBUS_HARDEN)
  foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -fstrict-flex-arrays=3
               -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing -ftrivial-auto-var-init=zero)
    string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
    check_c_compiler_flag(${flag} ${have})
    if(${have})
      target_compile_options(qb_flags INTERFACE ${flag})
    endif()
  endforeach()
  target_compile_options(qb_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  target_link_options(qb_flags INTERFACE -Wl,-z,noexecstack -Wl,-z,relro -Wl,-z,now -Wl,--as-needed)
  include(CheckPIESupported)
  check_pie_supported()
endif()

if(QUOTEBUS_SANITIZE)
  target_compile_options(qb_flags INTERFACE -fsanitize=${QUOTEBUS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(qb_flags INTERFACE -fsanitize=${QUOTEBUS_SANITIZE})
endif()
if(QUOTEBUS_SANITIZE MATCHES "thread")
  add_library(qb_tsan_threads STATIC cmake/tsan_threads.c)
  target_compile_definitions(qb_tsan_threads PRIVATE _GNU_SOURCE)
  target_compile_options(qb_tsan_threads PRIVATE -fsanitize=thread)
  # Undefined here, so that it is linked before librdkafka looks for glibc's.
  target_link_options(qb_flags INTERFACE -Wl,-u,thrd_create)
  target_link_libraries(qb_flags INTERFACE qb_tsan_threads)
endif()
