#pragma once

// Where the documents of a round go.

#include <string>

namespace mesos_collector {

/// A document on its way.
struct OutgoingDocument {
  std::string task{};  ///< For the log.
  std::string body{};  ///< UTF-8.
};

/// May be called from several threads at once; does not wait for a network.
class DocumentSink {
 public:
  virtual ~DocumentSink() = default;
  virtual void publish(OutgoingDocument document) = 0;
};

}  // namespace mesos_collector
