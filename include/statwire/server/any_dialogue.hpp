#pragma once

// Dialogues of a metrics server whatever its store is, so that what handles the sockets is compiled once and
// not for each store. A call costs one indirection, of which there are two or three for each read of a
// socket.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "statwire/server/metrics_dialogue.hpp"
#include "statwire/server/store.hpp"

namespace statwire::server::detail {

/// A MetricsDialogue; see there what the calls do.
class AnyDialogue {
 public:
  AnyDialogue() = default;
  AnyDialogue(const AnyDialogue&) = delete;
  AnyDialogue& operator=(const AnyDialogue&) = delete;
  virtual ~AnyDialogue() = default;

  virtual void give(std::string_view piece) noexcept = 0;
  virtual void keep_rest() = 0;
  virtual void release() noexcept = 0;
  virtual DialogueState answer(std::string& out) = 0;
  virtual std::size_t uncommitted_count() const noexcept = 0;
  virtual void committed() noexcept = 0;
  virtual bool not_stored(std::string& out, std::error_code ec) = 0;
};

/// Begins dialogues over one store, which outlives it. One thread at a time.
class AnyDialogues {
 public:
  AnyDialogues() = default;
  AnyDialogues(const AnyDialogues&) = delete;
  AnyDialogues& operator=(const AnyDialogues&) = delete;
  virtual ~AnyDialogues() = default;

  virtual std::unique_ptr<AnyDialogue> begin() = 0;

  /// Of a store that has anything to commit; else nothing is uncommitted, and nobody calls it.
  virtual void commit(std::error_code& ec) = 0;
};

template <MetricsStore Store>
class DialoguesOver final : public AnyDialogues {
 public:
  DialoguesOver(Store& store, const MetricsLimits& limits) : store_{store}, limits_{limits} {}

  std::unique_ptr<AnyDialogue> begin() override { return std::make_unique<Dialogue>(store_, limits_); }

  void commit(std::error_code& ec) override {
    ec.clear();
    if constexpr (CommittingStore<Store>) store_.commit(ec);
  }

 private:
  class Dialogue final : public AnyDialogue {
   public:
    Dialogue(Store& store, const MetricsLimits& limits) : dialogue_{store, limits} {}

    void give(std::string_view piece) noexcept override { dialogue_.give(piece); }
    void keep_rest() override { dialogue_.keep_rest(); }
    void release() noexcept override { dialogue_.release(); }
    DialogueState answer(std::string& out) override { return dialogue_.answer(out); }
    std::size_t uncommitted_count() const noexcept override { return dialogue_.uncommitted_count(); }
    void committed() noexcept override { dialogue_.committed(); }
    bool not_stored(std::string& out, std::error_code ec) override { return dialogue_.not_stored(out, ec); }

   private:
    MetricsDialogue<Store> dialogue_;
  };

  Store& store_;
  MetricsLimits limits_;
};

}  // namespace statwire::server::detail
