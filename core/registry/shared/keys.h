// The names of the registry's keys in Redis. SCHEMA.md says what lies under each.
//
// All have one hash tag, `{PREFIX:registry}`, so that they lie in one slot of a cluster and a
// script may touch them together.
#pragma once

#include <string>
#include <string_view>

namespace convoke::shared_registry {

struct Keys {
  explicit Keys(std::string_view prefix);

  std::string tag;            // what each begins with
  std::string version;        // of the last change
  std::string changes;        // the last few thousand of them
  std::string services;       // name -> row
  std::string functions;      // id -> row
  std::string limits;         // resource -> row
  std::string async_configs;  // "ID QUALIFIER" -> row
  std::string triggers;       // "ID NAME", the function's id -> row
  std::string switches;       // SwitchScope::text() -> row
  std::string stopped_trees;  // root -> row
  std::string domains;        // name -> row
  std::string engines;        // engine -> its last beat, by the server's clock
  std::string applied;        // engine -> the version that it has applied
  std::string committed;      // the channel on which new versions are told
  std::string confirmed;      // ... and what engines have applied
  std::string absent;         // never there, behind the keys of each script (queue/redis/scripts.h)

  [[nodiscard]] std::string code(std::string_view name) const;  // a zip, in pieces
};

}  // namespace convoke::shared_registry
