// Files that say whom to trust and who we are.
#include "core/tls/client.h"

#include <gtest/gtest.h>

#include "tests/tls/authority.h"

namespace convoke::tls {
namespace {

std::string why_not(const ClientFiles& files) {
  const auto made = Client::make(files);
  EXPECT_FALSE(made.ok());
  return made.ok() ? "" : made.error().message;
}

TEST(TlsClient, TakesABundleAChainAndAKey) {
  const Authority one("one");
  const Authority two("two");
  const Papers papers = one.issue("DNS:client");
  EXPECT_TRUE(Client::make({}).ok());
  EXPECT_TRUE(Client::make({one.certificate() + two.certificate(),
                            papers.certificate + one.certificate(), papers.key})
                  .ok());
}

TEST(TlsClient, RefusesInWordsAndShowsNoPieceOfAFile) {
  const Authority authority("one");
  const Papers papers = authority.issue("DNS:client");
  const std::string ca = authority.certificate();
  EXPECT_NE(why_not({"no PEM", "", ""}).find("CA file"), std::string::npos);
  EXPECT_NE(why_not({papers.key, "", ""}).find("CA file"), std::string::npos);
  EXPECT_NE(why_not({ca.substr(0, ca.size() / 2), "", ""}).find("CA file"), std::string::npos);
  EXPECT_NE(why_not({ca, "no PEM", papers.key}).find("holds none"), std::string::npos);
  EXPECT_NE(why_not({ca, papers.certificate, ""}).find("no key"), std::string::npos);
  EXPECT_NE(why_not({ca, papers.certificate, Authority::key_with(nullptr)}).find("together"),
            std::string::npos);
  const std::string locked = why_not({ca, papers.certificate, Authority::key_with("word")});
  EXPECT_NE(locked.find("passphrase"), std::string::npos) << locked;
  EXPECT_EQ(locked.find("word"), std::string::npos) << locked;
}

}  // namespace
}  // namespace convoke::tls
