#pragma once

// The definitions of what is compiled once for a whole program; see detail/config.hpp. Exactly one source
// file includes this, and every source file of the program defines STATWIRE_SEPARATE_COMPILATION.
// src/statwire.cpp is such a file.

#if !defined(STATWIRE_SEPARATE_COMPILATION)
#error \
    "statwire/src.hpp is for programs that define STATWIRE_SEPARATE_COMPILATION for all of their source files"
#endif

#include "statwire/aggregate/impl/recorder.ipp"
#include "statwire/aggregate/impl/registry.ipp"
#include "statwire/client/impl/environment.ipp"
#include "statwire/detail/impl/error_of.ipp"
#include "statwire/impl/prometheus.ipp"
#include "statwire/transport/impl/endpoint.ipp"
#include "statwire/transport/impl/tcp.ipp"
#include "statwire/transport/impl/tcp_lines.ipp"
#include "statwire/transport/impl/udp.ipp"
#include "statwire/transport/impl/unix.ipp"

#if defined(STATWIRE_EXTERN_TEMPLATES)
#include "statwire/statsd.hpp"
namespace statwire {

template class client::Outbox<UdpTransport>;
template class client::Engine<UdpTransport>;
template class StatsdClient<UdpTransport>;
template class client::Outbox<EndpointTransport>;
template class client::Engine<EndpointTransport>;
template class StatsdClient<EndpointTransport>;

}  // namespace statwire
#endif

// The rest needs exceptions.
#if defined(__cpp_exceptions)
#include "statwire/buffered_metrics.hpp"
#include "statwire/graphite.hpp"
#include "statwire/metrics.hpp"
#include "statwire/server/impl/metrics_service.ipp"
#include "statwire/server/impl/statsd_server.ipp"

#if defined(STATWIRE_EXTERN_TEMPLATES)
namespace statwire {

template class BufferedMetricsClient<>;
template class GraphiteClient<>;
template class MetricsClient<>;

}  // namespace statwire
#endif
#endif
