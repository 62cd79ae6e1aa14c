#pragma once

// What makes a program a daemon: it ends in order at a signal and at once at the next, keeps the standard
// streams, logs one line at a time, and says with its exit status what became of it.

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>
#include <variant>

#include "command.hpp"

namespace example {

/// Something that happens once, on any thread.
class Happening {
 public:
  Happening();  ///< Throws std::system_error when the system has no descriptor left.
  Happening(const Happening&) = delete;
  Happening& operator=(const Happening&) = delete;
  ~Happening();

  void set() const;
  int descriptor() const noexcept { return descriptor_; }  ///< Readable since it happened.

 private:
  int descriptor_;
};

/// The signals that end the program, taken where it waits: no handler ever runs. Once the program is told to
/// end, the next signal ends it at once, whatever its end waits for; so one thread does the waiting.
class EndSignals {
 public:
  /// Leaves alone what is ignored, as in the background of a script. Threads inherit what is blocked, so this
  /// comes before the first one.
  EndSignals();

  void wait() const;

  /// SIGHUP is taken as well from now on, even where it is ignored, as under nohup; it never ends the
  /// program. To be called before the first thread, too.
  void take_hangups();

  /// What came.
  enum class Event { end, hangup };

  /// As wait(), but a hangup makes it return as well.
  Event wait_for_event() const;

  /// Waits until the time has come or a signal to end is there; returns whether it is a signal.
  bool wait_until(std::chrono::steady_clock::time_point time) const;

  /// Waits until it has happened or a signal to end is there; returns whether it is a signal.
  bool wait_or(const Happening& happening) const;

  /// From now on a signal ends the program at once. To be called by a program that ends without any.
  void restore() const;

 private:
  bool take_until(std::chrono::steady_clock::time_point time) const;
  void restore_soon() const;

  sigset_t taken_;
  sigset_t awaited_;  ///< The same, and perhaps SIGHUP.
};

/// When the program was started with standard streams closed, the first sockets would take their places, and
/// a client would get the log.
void open_standard_streams();

/// Every client takes a descriptor, and the soft limit is often 1024. Returns the limit that holds.
std::size_t raise_descriptor_limit();

/// How many clients there are descriptors for, beside what the program itself has open and those clients
/// that are told that they are too many. Without any left, nobody could be told anything.
std::size_t connections_within(std::size_t descriptors);

/// One line that begins with the program's name, at once; what the user wrote is part of it, and must not
/// make it two.
void print(std::FILE* stream, const char* program, std::string line);

/// Does what the command line says: `serve(options)`, an answer, or a complaint. Returns the exit status: 1
/// when serving failed, 2 when the command line is wrong.
template <class Options, class Serve>
int run_daemon(const char* program, const Command<Options>& command, Serve serve) {
  if (const auto* error = std::get_if<UsageError>(&command)) {
    print(stderr, program, error->message);
    return 2;
  }
  if (const auto* answer = std::get_if<Answer>(&command)) {
    std::fputs(answer->text.c_str(), stdout);
    return 0;
  }
  // ClientError says in one line what is wrong: the port is taken, the database cannot be read, ...
  try {
    serve(std::get<Options>(command));
  } catch (const std::exception& error) {
    print(stderr, program, error.what());
    return 1;
  }
  return 0;
}

}  // namespace example
