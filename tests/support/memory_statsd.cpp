#include "support/memory_statsd.hpp"

#if defined(STATWIRE_EXTERN_TEMPLATES)
template class statwire::client::Outbox<statwire::testing::MemoryTransport>;
template class statwire::client::Engine<statwire::testing::MemoryTransport>;
template class statwire::StatsdClient<statwire::testing::MemoryTransport>;
#endif
