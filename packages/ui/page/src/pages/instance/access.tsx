/** For admins: who may come in, with which tokens, and what everybody has done. */
import type { ApiToken, AuditItem, Page, User } from "@iroko/core/client";
import type { JSX } from "preact";
import { address, post } from "../../api/get.ts";
import { refresh, useResource } from "../../api/resource.ts";
import { Act } from "../../parts/act.tsx";
import { Badge } from "../../parts/badge.tsx";
import { Command, Empty } from "../../parts/command.tsx";
import { addUser, createToken } from "../../parts/commands.ts";
import { DataTable } from "../../parts/data-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Pager } from "../../parts/pager.tsx";
import { Ago, Time } from "../../parts/time.tsx";
import { place } from "../../router.ts";

const isOfAccess = (href: string): boolean => /^\/api\/v1\/(?:users|tokens|audit)/.test(href);

export function Access(): JSX.Element {
  const before = place.value.query.get("audit");
  const users = useResource<Page<User>>("/api/v1/users");
  const tokens = useResource<Page<ApiToken>>("/api/v1/tokens");
  const audit = useResource<Page<AuditItem>>(address("/audit", { after: before, limit: 50 }));
  const revoke = async (id: string): Promise<void> => {
    await post(address("/tokens/{id}/revoke", { id }));
    refresh(isOfAccess);
  };
  return (
    <>
      <h2>Users</h2>
      <Loaded of={users}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty says="Nobody signs in: the page is for this machine alone. To let others in:" command={addUser} />
          ) : (
            <>
              <DataTable
                rows={items}
                keyOf={({ name }) => name}
                columns={[
                  { title: "Name", cell: ({ name }) => name },
                  { title: "Role", cell: ({ role }) => role },
                  { title: "Changed", cell: ({ changedAt }) => <Ago at={changedAt} /> },
                  { title: "Last seen", cell: ({ lastSeenAt }) => <Ago at={lastSeenAt} /> },
                ]}
              />
              <p class="row faint">
                To let somebody in: <Command text={addUser} />
              </p>
            </>
          )
        }
      </Loaded>
      <h2>Tokens</h2>
      <Loaded of={tokens}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty says="No program has a token." command={createToken} />
          ) : (
            <>
              <DataTable
                rows={items}
                keyOf={({ id }) => id}
                columns={[
                  { title: "For", cell: ({ name }) => name },
                  { title: "Role", cell: ({ role }) => role },
                  { title: "Made by", cell: ({ madeBy }) => madeBy },
                  { title: "Expires", cell: ({ expiresAt }) => <Ago at={expiresAt} /> },
                  { title: "Last used", cell: ({ lastUsedAt }) => <Ago at={lastUsedAt} /> },
                  {
                    title: "State",
                    cell: ({ id, name, revokedAt, expired }) =>
                      revokedAt !== null || expired ? (
                        <Badge state="off">{revokedAt === null ? "expired" : "revoked"}</Badge>
                      ) : (
                        <Act
                          act={() => revoke(id)}
                          tone="danger"
                          confirm={`Revoke the token of ${name}? What uses it is refused from then on.`}
                        >
                          Revoke
                        </Act>
                      ),
                  },
                ]}
              />
              <p class="row faint">
                For one more program: <Command text={createToken} />
              </p>
            </>
          )
        }
      </Loaded>
      <h2>Audit</h2>
      <Loaded of={audit}>
        {({ items, cursor }) =>
          items.length === 0 ? (
            <Empty says="Nothing has been changed yet." />
          ) : (
            <>
              <DataTable
                rows={items}
                keyOf={({ seq }) => String(seq)}
                columns={[
                  { title: "#", holds: "number", cell: ({ seq }) => seq },
                  { title: "When (UTC)", cell: ({ at }) => <Time at={at} zone="UTC" /> },
                  {
                    title: "Who",
                    cell: ({ actor, actorKind }) => (
                      <>
                        {actor} <span class="faint">{actorKind}</span>
                      </>
                    ),
                  },
                  {
                    title: "From",
                    cell: ({ via, address: from }) => (
                      <>
                        {via} <span class="faint">{from}</span>
                      </>
                    ),
                  },
                  { title: "What", cell: ({ operation }) => <code>{operation}</code> },
                  { title: "Of", cell: ({ target }) => <code class="prose">{target ?? ""}</code> },
                  {
                    title: "Outcome",
                    cell: ({ outcome }) => <Badge state={outcome === "done" ? "ok" : "failed"}>{outcome}</Badge>,
                  },
                ]}
              />
              <Pager name="audit" cursor={cursor} first="Newest" next="Older" />
            </>
          )
        }
      </Loaded>
    </>
  );
}
