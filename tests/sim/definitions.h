// The functions that there are, their limits and their async configs, drawn by chance. What an
// operator has committed: it outlives engines.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/edge/rng.h"
#include "core/registry/change.h"
#include "core/registry/definitions.h"

namespace convoke::sim {

class Definitions {
 public:
  // `rng` outlives it: what it draws later comes from there too.
  Definitions(Rng& rng, std::uint32_t functions);

  [[nodiscard]] FunctionPtr made(const std::string& name);
  [[nodiscard]] AsyncConfigPtr draw_config(const Function& function);

  [[nodiscard]] const FunctionPtr& any_function(Rng& rng) const {
    return functions[rng.below(functions.size())];
  }
  [[nodiscard]] const FunctionPtr& first_function() const { return functions.front(); }
  // All but the limits, as one who starts is told of them.
  void tell(std::uint64_t version, const std::function<void(const Change&)>& apply) const;

  std::vector<FunctionPtr> functions;
  std::map<FunctionId, std::uint32_t> limits;
  std::map<FunctionId, AsyncConfigPtr> configs;  // from its birth to its end

 private:
  [[nodiscard]] std::optional<Destination> draw_destination(const Function& function);

  Rng& rng_;
  std::uint64_t next_id_ = 1;
  ServicePtr service_;
};

}  // namespace convoke::sim
