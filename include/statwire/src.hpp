#pragma once

// The definitions of what is compiled once for a whole program; see detail/config.hpp. Exactly one source
// file includes this, and every source file of the program defines STATWIRE_SEPARATE_COMPILATION.
// src/statwire.cpp is such a file.

#if !defined(STATWIRE_SEPARATE_COMPILATION)
#error \
    "statwire/src.hpp is for programs that define STATWIRE_SEPARATE_COMPILATION for all of their source files"
#endif

#include "statwire/detail/impl/error_of.ipp"
#include "statwire/graphite.hpp"
#include "statwire/transport/impl/endpoint.ipp"
#include "statwire/transport/impl/tcp.ipp"
#include "statwire/transport/impl/tcp_lines.ipp"
#include "statwire/transport/impl/udp.ipp"
#include "statwire/transport/impl/unix.ipp"

#if defined(__cpp_exceptions)
#include "statwire/buffered_metrics.hpp"
#include "statwire/metrics.hpp"
#include "statwire/server/impl/statsd_server.ipp"
#endif

#if defined(STATWIRE_EXTERN_TEMPLATES)
namespace statwire {

template class GraphiteClient<>;
#if defined(__cpp_exceptions)
template class BufferedMetricsClient<>;
template class MetricsClient<>;
#endif

}  // namespace statwire
#endif
