// Which hosts were custom domains once, since this program began. Pure; owner thread only.
//
// A request's head is admitted before its body has come. If the domain that it was sent to goes
// meanwhile, its path would be taken for one of the API's, which nobody has admitted it to:
// requests to such hosts are admitted anew when they are whole.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "core/registry/change.h"
#include "core/registry/custom_domain.h"

namespace convoke {

class FormerDomains {
 public:
  // Beyond this many any host may be one: it costs a second look at each request, and no more.
  static constexpr std::size_t kKeptMax = kCustomDomainsMax;

  // Of all changes; those of other kinds are passed over.
  void apply(const Change& change) {
    const auto* gone = std::get_if<DomainGone>(&change.what);
    if (gone != nullptr && names_.size() <= kKeptMax) names_.insert(gone->name);
  }
  [[nodiscard]] bool empty() const { return names_.empty(); }
  [[nodiscard]] bool may_hold(std::string_view host) const {
    return names_.size() > kKeptMax || names_.contains(host);
  }

 private:
  std::set<std::string, HostLess> names_;
};

}  // namespace convoke
