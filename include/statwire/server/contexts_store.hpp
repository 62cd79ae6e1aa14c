#pragma once

// What the contexts server keeps: of every instance the contexts that it registered last. In memory, with
// limits, and without any I/O.

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "statwire/server/contexts_reader.hpp"

namespace statwire::server {

struct ContextsLimits {
  std::size_t max_instances = 10'000;
  std::size_t max_bytes = 64 << 20;  ///< Of JSON, all instances together.
};

/// What became of a registration.
enum class Registration {
  is_taken,
  is_malformed,  ///< The body is no contexts document.
  is_refused,    ///< The store is full.
};

/// Threads: any.
class ContextsStore {
 public:
  explicit ContextsStore(ContextsLimits limits = {}) : limits_{limits} {}

  /// Keeps the contexts of an instance in place of those that it registered before; which came later counts,
  /// not which timestamp is greater. An instance is one identity, whatever the order of its keys. Sets `why`
  /// to one line unless the document is taken. What is kept stays when a document is not taken.
  Registration put(std::string_view body, std::string& why) {
    std::optional<ContextsDocument> document = read_contexts_document(body, why);
    if (!document) return Registration::is_malformed;
    std::string rest =
        ", \"timestamp\": " + std::to_string(document->timestamp) + ", \"info\": " + document->info;
    const std::lock_guard lock{mutex_};
    const auto former = contexts_.find(document->identity);
    const bool is_new = former == contexts_.end();
    if (is_new && contexts_.size() >= limits_.max_instances) {
      why = "no more than " + std::to_string(limits_.max_instances) + " instances are kept";
      return Registration::is_refused;
    }
    const std::size_t freed = is_new ? 0 : former->first.size() + former->second.size();
    const std::size_t bytes = bytes_ - freed + document->identity.size() + rest.size();
    if (bytes > limits_.max_bytes) {
      why = "no more than " + std::to_string(limits_.max_bytes) + " bytes of contexts are kept";
      return Registration::is_refused;
    }
    contexts_.insert_or_assign(std::move(document->identity), std::move(rest));
    bytes_ = bytes;
    return Registration::is_taken;
  }

  /// All contexts, ordered by identity:
  /// `{"contexts": [{"identity": {...}, "timestamp": n, "info": {...}}, ...]}`.
  std::string json() const {
    constexpr std::size_t frame_bytes = 16;  // what stands around each
    const std::lock_guard lock{mutex_};
    std::string text;
    text.reserve(bytes_ + frame_bytes * (contexts_.size() + 2));
    text += "{\"contexts\": [";
    const char* separator = "";
    for (const auto& [identity, rest] : contexts_) {
      text.append(separator).append("{\"identity\": ").append(identity).append(rest).append("}");
      separator = ", ";
    }
    return text += "]}";
  }

  std::size_t size() const {
    const std::lock_guard lock{mutex_};
    return contexts_.size();
  }

 private:
  ContextsLimits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> contexts_;  ///< By identity: the rest of its entry in json().
  std::size_t bytes_ = 0;
};

}  // namespace statwire::server
