// tests/cases/clients/: what nine other StatsD clients send for their calls, captured from them. Ours sends
// the same bytes, but for the differences that client_differences.hpp lists with what it sends instead, and
// why. Every case of every file is run; one that is neither the same nor listed fails, and so does a line of
// the list that says nothing new.

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/client_differences.hpp"
#include "support/foreign_replay.hpp"

namespace {

using namespace statwire;
using namespace statwire::test;
using Texts = std::vector<std::string>;

const std::vector<ForeignClient>& clients() {
  static const std::vector<ForeignReceiver> hot_shots{{.name = "c"},
                                                      {.name = "ct", .tags = {{"env", "prod"}}},
                                                      {.name = "cp", .prefix = "app", .suffix = ".sfx"},
                                                      {.name = "cg", .profile = profiles::telegraf},
                                                      {.name = "cb", .buffered = true}};
  static const std::vector<ForeignClient> clients{
      {.file = "aiodogstatsd",
       .profile = profiles::dogstatsd,
       .receivers = {{.name = "c"}, {.name = "ct", .prefix = "app", .tags = {{"env", "prod"}}}}},
      {.file = "aiomeasures", .profile = profiles::dogstatsd, .receivers = {{.name = ""}}},
      {.file = "hot-shots", .profile = profiles::dogstatsd, .receivers = hot_shots},
      {.file = "hot-shots-ddenv",
       .profile = profiles::dogstatsd,
       .receivers = hot_shots,
       .environment = {{"DD_ENV", "prod"}, {"DD_SERVICE", "web"}, {"DD_VERSION", "1.0"}}},
      {.file = "monasca-statsd",
       .profile = profiles::dogstatsd,
       .receivers = {{.name = "ct", .metric = "hits", .tags = {{"env", "prod"}}},
                     {.name = "g", .prefix = "load", .tags = {{"env", "prod"}}},
                     {.name = "t", .tags = {{"env", "prod"}}}}},
      {.file = "net-statsd-perl",
       .profile = profiles::etsy,
       .receivers = {{.name = "Net::Statsd"}},
       .increments_by_one = true},
      {.file = "node-lynx",
       .profile = profiles::etsy,
       .receivers = {{.name = "c"}, {.name = "cp", .scope = "app"}},
       .increments_by_one = true,
       .sends_lists_in_one_datagram = true},
      {.file = "python3-statsd",
       .profile = profiles::etsy,
       .receivers = {{.name = "c"}, {.name = "cp", .prefix = "app.web"}}},
      {.file = "ruby-statsd",
       .profile = profiles::etsy,
       .receivers = {{.name = "C"}, {.name = "CP", .prefix = "app", .suffix = ".sfx"}},
       .increments_by_one = true},
      {.file = "statsd-client",
       .profile = profiles::dogstatsd,
       .receivers = {{.name = "c"},
                     {.name = "ct", .tags = {{"env", "prod"}}},
                     {.name = "cp", .prefix = "app"}}},
  };
  return clients;
}

/// hot-shots tells the agent who sends: by a tag from DD_ENTITY_ID, and by a field with the container. Ours
/// has neither; they are taken out of what theirs sent, and all else is to be the same.
Texts without_origin(Texts datagrams) {
  for (std::string& datagram : datagrams) {
    for (const std::string_view part :
         {"dd.internal.entity_id:abc,", "dd.internal.entity_id=abc,", "|c:in-5381"}) {
      for (std::size_t at = 0; (at = datagram.find(part)) != std::string::npos;) {
        datagram.erase(at, part.size());
      }
    }
  }
  return datagrams;
}

template <class List>
auto find_case(const List& list, std::string_view file, std::string_view name) {
  return std::find_if(std::begin(list), std::end(list),
                      [&](const auto& entry) { return entry.file == file && entry.name == name; });
}

/// `pipeline of 60 incr (maxudpsize 512)`: the one case that is told in words. Its names are those of the
/// bytes.
ForeignProgram many_increments() {
  ForeignProgram program;
  program.statements = parse_foreign("p=c.pipeline()").statements;
  for (int i = 0; i < 60; ++i) {
    const std::string call = "p.incr('some.long.metric.name." + std::to_string(i) + "')";
    program.statements.push_back(parse_foreign(call).statements[0]);
  }
  return program;
}

/// `c.send({foo:'1|c'})`: the values are ends of lines.
std::vector<ForeignValue> calls_of_batch(const ForeignValue& batch) {
  std::vector<ForeignValue> calls;
  for (const ForeignValue& item : batch.items[0].items) {
    const Texts parts = split(item.text, '|');
    REQUIRE(parts.size() == 2);
    const std::string function = parts[1] == "c" ? "count" : parts[1] == "ms" ? "timing" : "gaugeDelta";
    REQUIRE((function != "gaugeDelta" || (parts[1] == "g" && parts[0].starts_with('-'))));
    const ForeignStatement call = parse_foreign("c." + function + "(''," + parts[0] + ")").statements[0];
    calls.push_back(call.value);
    calls.back().items[0].text = item.key;
  }
  return calls;
}

/// The calls of one case, made on our client.
class CaseRun {
 public:
  CaseRun(const ForeignClient& client, const ClientCase& wanted) : client_{client} {
    const bool is_told = wanted.call == "pipeline of 60 incr (maxudpsize 512)";
    const ForeignProgram program = is_told ? many_increments() : parse_foreign(wanted.call);
    if (is_told) max_packet_bytes_ = 512;
    for (const ForeignStatement& statement : program.statements) take(statement);
    // A call with a rate is sent; of a loop over one, as many as theirs happened to send.
    samples_to_keep() = program.repeats == 1 ? std::string::npos : wanted.datagrams.size();
    repeats_ = program.repeats;
  }

  Texts datagrams() {
    StatsdClient statsd{testing::MemoryTransport{}, options()};
    if (receiver_.scope.empty()) {
      make_calls(statsd);
    } else {
      auto scope = statsd.scope(receiver_.scope);
      make_calls(scope);
    }
    statsd.flush();
    const DeliveryStats stats = statsd.stats();
    CHECK(stats.accepted == stats.sent + stats.sampled_out + stats.dropped());
    return statsd.transport().datagrams();
  }

 private:
  StatsdOptions options() const {
    const ReadVariable read = [this](const char* name) -> const char* {
      const auto found = client_.environment.find(name);
      return found == client_.environment.end() ? nullptr : found->second.c_str();
    };
    return {.prefix = receiver_.prefix,
            .tags = datadog_tags(receiver_.tags, read),
            .profile = receiver_.profile.value_or(client_.profile),
            .delivery = receiver_.buffered ? Delivery::buffered : Delivery::immediate,
            .max_packet_bytes = max_packet_bytes_,
            .flush = Flush::manual,
            .random = &keep_the_first};
  }

  /// Splits `Net::Statsd::gauge`.
  static std::pair<std::string, std::string> receiver_and_function(const std::string& text) {
    const std::size_t mark = text.find_last_of(".:");
    if (mark == std::string::npos) return {"", text};
    return {text.substr(0, text[mark] == ':' ? mark - 1 : mark), text.substr(mark + 1)};
  }

  void take(const ForeignStatement& statement) {
    const ForeignValue& value = statement.value;
    if (!statement.variable.empty()) {
      batch_ = statement.variable;
      return use({.name = batch_, .buffered = true});
    }
    const auto parts = receiver_and_function(value.text);
    const std::string &receiver = parts.first, &function = parts.second;
    if (receiver == batch_ && !batch_.empty()) {
      if (value.items.empty() && (function == "send" || function == "flush")) return;
    } else {
      const auto found = std::find_if(client_.receivers.begin(), client_.receivers.end(),
                                      [&](const auto& known) { return known.name == receiver; });
      REQUIRE_MESSAGE(found != client_.receivers.end(), "a receiver that is not known: " << receiver);
      use(*found);
    }
    REQUIRE_MESSAGE(value.kind == ForeignValue::Kind::call, "not a call: " << value.text);
    const bool has_items = !value.items.empty();
    const bool is_batch = has_items && value.items[0].kind == ForeignValue::Kind::map;
    const bool is_list = has_items && value.items[0].kind == ForeignValue::Kind::list;
    if (is_batch || (is_list && client_.sends_lists_in_one_datagram)) receiver_.buffered = true;
    if (is_batch) {
      const auto calls = calls_of_batch(value);
      calls_.insert(calls_.end(), calls.begin(), calls.end());
    } else {
      calls_.push_back(value);
    }
  }

  /// One case has one client.
  void use(const ForeignReceiver& receiver) {
    REQUIRE_MESSAGE((calls_.empty() || receiver_.name == receiver.name), "several clients in one case");
    receiver_ = receiver;
  }

  template <class Statsd>
  void make_calls(Statsd& statsd) {
    ForeignReplay<Statsd> replay{statsd, client_, receiver_};
    for (std::size_t i = 0; i < repeats_; ++i) {
      for (const ForeignValue& call : calls_) replay.run(call, receiver_and_function(call.text).second);
    }
  }

  const ForeignClient& client_;
  ForeignReceiver receiver_;
  std::string batch_;
  std::vector<ForeignValue> calls_;
  std::size_t repeats_ = 1;
  std::size_t max_packet_bytes_ = 1432;
};

Texts datagrams_of(const Difference& difference) {
  Texts datagrams;
  for (const std::string_view datagram : difference.ours) {
    if (!datagram.empty()) datagrams.emplace_back(datagram);
  }
  return datagrams;
}

/// For the message of a failed check.
std::string shown(const Texts& datagrams) {
  std::string text;
  for (const std::string& datagram : datagrams) text += "[" + datagram + "]";
  return text;
}

struct Tally {
  std::size_t same = 0, different = 0, missing = 0;
};

void check_case(const ForeignClient& client, const ClientCase& wanted, Tally& tally) {
  CAPTURE(wanted.name);
  CAPTURE(wanted.call);
  if (find_case(missing, client.file, wanted.name) != std::end(missing)) {
    ++tally.missing;
    return;
  }
  const Texts theirs = without_origin(wanted.datagrams);
  const Texts ours = CaseRun{client, wanted}.datagrams();
  CAPTURE(shown(ours));
  const auto difference = find_case(differences, client.file, wanted.name);
  if (difference == std::end(differences)) {
    CHECK_MESSAGE(ours == theirs, "theirs: " << shown(theirs));
    ++(theirs == wanted.datagrams ? tally.same : tally.different);
  } else {
    CAPTURE(difference->reason);
    const Texts expected = datagrams_of(*difference);
    CHECK_MESSAGE(ours == expected, "expected: " << shown(expected));
    CHECK_MESSAGE(expected != theirs, "listed as different, but the same");
    ++tally.different;
  }
}

}  // namespace

TEST_CASE("other clients: each of their calls makes the same datagrams, but for the listed differences") {
  std::set<std::pair<std::string, std::string>> seen;
  for (const std::string& file : client_files()) {
    CAPTURE(file);
    const auto client = std::find_if(clients().begin(), clients().end(),
                                     [&](const ForeignClient& known) { return known.file == file; });
    REQUIRE_MESSAGE(client != clients().end(), "a file of a client that is not known: " << file);
    Tally tally;
    for (const ClientCase& wanted : client_cases(file)) {
      CHECK_MESSAGE(seen.emplace(file, wanted.name).second, "a name given twice: " << wanted.name);
      check_case(*client, wanted, tally);
    }
    MESSAGE(file << ": " << tally.same << " the same, " << tally.different << " different on purpose, "
                 << tally.missing << " without a counterpart");
  }
  const auto check_exists = [&](const auto& entry) {
    const bool exists = seen.contains({std::string{entry.file}, std::string{entry.name}});
    CHECK_MESSAGE(exists, "listed, but there is no such case: " << entry.file << " " << entry.name);
  };
  for (const Difference& entry : differences) check_exists(entry);
  for (const Missing& entry : missing) check_exists(entry);
}
