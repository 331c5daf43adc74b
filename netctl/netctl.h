/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network of this host: desired state in, kernel state out. Knows no store and no action.
 *
 * Each VPC is a network namespace; an instance's tap is moved into it and is a routed port there.
 * Every call is idempotent, blocks, and may come from any thread; calls on one VPC are serialised
 * inside. Kernel state outlives the process: stopping the daemon cuts no flow. */
#pragma once
#include <gio/gio.h>

#define NETCTL_ERROR (netctl_error_quark ())
GQuark netctl_error_quark (void);
typedef enum
{
  NETCTL_ERROR_INVALID, /* the plan itself is wrong; trying again does not help */
  NETCTL_ERROR_KERNEL,  /* the kernel or a helper program refused; the message names the object */
  NETCTL_ERROR_NO_TAP,  /* the port's tap does not exist (QEMU is gone) */
  NETCTL_ERROR_BUSY,    /* something that must go first is still there; it may be tried again */
} NetctlError;

/* What a guest's link carries; also told by DHCP. Leaves room for a VXLAN header. */
#define NETCTL_GUEST_MTU 1450
/* Where a guest finds its metadata, in every VPC. */
#define NETCTL_METADATA_ADDRESS "100.100.100.200"
/* Where a guest finds its name server, in every VPC. */
#define NETCTL_DNS_ADDRESS "100.100.2.136"
/* The router of IPv6, on every tap. */
#define NETCTL_ROUTER6 "fe80::1"
/* Bounds of the indexes below, so that one name prefix ("et0", "eu0", never "eth") covers all. */
#define NETCTL_VPC_INDEX_MAX 0xfff00
#define NETCTL_PORT_INDEX_MAX 0xfffffff

/* An address with a prefix length, parsed once at the edge; text for the kernel is printed from
 * here only. */
typedef struct
{
  GSocketFamily family; /* G_SOCKET_FAMILY_IPV4 or _IPV6 */
  guint8 bytes[16];     /* network order; IPv4 uses the first four */
  guint length;         /* 0-32 or 0-128; a host address has the full length */
} NetctlPrefix;

/* Reads "10.0.0.0/8", "10.0.0.1", "fd00::/64". FALSE on anything else: host bits may be set. */
gboolean netctl_prefix_parse (const char *text, NetctlPrefix *out);
/* The inverse, without the length when it is full. The caller frees it. */
char *netctl_prefix_format (const NetctlPrefix *prefix);

/* A vswitch of two families is two subnets. In IPv6 the router is NETCTL_ROUTER6 on every tap and
 * @gateway is not looked at. */
typedef struct
{
  NetctlPrefix range;
  NetctlPrefix gateway; /* host address inside @range */
} NetctlSubnet;

/* A route of the VPC to a guest that forwards. That guest's port may then also send from addresses
 * inside @destination that belong to no subnet of the VPC. */
typedef struct
{
  NetctlPrefix destination; /* of either family; outside the subnets, or length 0 */
  NetctlPrefix next_hop;    /* an address of a port of the VPC; a route whose port is not on any
                               host drops what it matches */
} NetctlRoute;

/* A public IPv4 address that leads into the VPC, with the bandwidth of all that passes under it. */
typedef struct
{
  NetctlPrefix address;          /* host address */
  guint32 kbit_s_in, kbit_s_out; /* seen from the VPC; 0 for no bound */
} NetctlPublic;

/* One to one: an elastic address of one private address. */
typedef struct
{
  NetctlPrefix public_address;  /* one of the VPC's publics */
  NetctlPrefix private_address; /* of a port of the VPC, here or not */
} NetctlEip;

/* Many to one: what leaves from @source without an address of its own. The longest @source wins. */
typedef struct
{
  NetctlPrefix source;
  NetctlPrefix public_address; /* one of the VPC's publics */
} NetctlSnat;

/* One port or a range of them, or with @protocol -1 all that comes to the address. */
typedef struct
{
  NetctlPrefix public_address; /* one of the VPC's publics */
  int protocol;                /* IPPROTO_TCP, IPPROTO_UDP, or -1 for all */
  int port_min, port_max;      /* -1 and -1 for all */
  NetctlPrefix private_address;
  int private_port_min, private_port_max; /* as many ports as above */
} NetctlForward;

/* An address of the VPC on another host. */
typedef struct
{
  NetctlPrefix address; /* host address */
  guint32 host;         /* index of a NetctlHost */
  GArray *groups;       /* guint32 group indexes: members wherever they are */
} NetctlRemote;

typedef struct
{
  guint32 index;      /* the namespace is ecs-v%06x; at most NETCTL_VPC_INDEX_MAX */
  char *id;           /* vpc-…, for messages */
  GArray *subnets;    /* NetctlSubnet */
  gboolean nat;       /* what has no public address reaches the outside through the host's */
  char *domain;       /* DNS suffix of the guests' names, "" or NULL for none */
  GArray *routes;     /* NetctlRoute; destinations differ */
  GArray *publics;    /* NetctlPublic; an address belongs to one VPC of the host alone */
  GArray *eips;       /* NetctlEip; both sides differ from entry to entry */
  GArray *snats;      /* NetctlSnat; sources differ */
  GArray *forwards;   /* NetctlForward; an EIP's address has none */
  GPtrArray *remotes; /* NetctlRemote*; empty while there is one host */
} NetctlVpc;

typedef enum
{
  NETCTL_INGRESS,
  NETCTL_EGRESS
} NetctlDirection;

typedef struct
{
  NetctlDirection direction;
  gboolean accept;
  guint priority;                       /* 1 to 100; lower wins, drop wins a tie */
  int protocol;                         /* IPPROTO_…; -1 for all */
  int port_min, port_max;               /* destination; -1 and -1 for all */
  int source_port_min, source_port_max; /* -1 and -1 for all */
  gboolean peer_is_group;
  NetctlPrefix peer;  /* the other side, unless peer_is_group; only packets of its family match */
  guint32 peer_group; /* group index; members of either family match */
  gboolean has_near;
  NetctlPrefix near; /* with has_near, the guest's own side as well (a five-tuple rule) */
} NetctlRule;

typedef struct
{
  guint32 vpc;
  guint32 index;
  gboolean members_reach_each_other; /* InnerAccessPolicy Accept */
  GArray *rules;                     /* NetctlRule */
} NetctlGroup;

typedef struct
{
  guint32 vpc;
  guint32 index;         /* the tap is et%08x; at most NETCTL_PORT_INDEX_MAX */
  char *id;              /* eni-…, for messages */
  guint8 mac[6];         /* the guest's */
  GArray *addresses;     /* NetctlPrefix of both families; the first of each is what DHCP hands out,
                            and the first of all is IPv4 */
  GArray *groups;        /* guint32 group indexes, at least one */
  char *host_name;       /* for DHCP and DNS; checked again inside */
  gboolean is_secondary; /* of a guest that has another: no default route by DHCP, no
                            name in DNS */
  guint32 kbit_s_in, kbit_s_out; /* of what passes between it and the outside of the VPC under the
                                    host's address; 0 for no bound. Seen from the guest */
} NetctlPort;

/* Another host that carries addresses of our VPCs. */
typedef struct
{
  guint32 index;
  NetctlPrefix underlay; /* where its VXLAN packets go */
} NetctlHost;

/* The whole of what this host shall have. */
typedef struct
{
  GPtrArray *vpcs, *groups, *ports; /* NetctlVpc*, NetctlGroup*, NetctlPort* */
  GArray *hosts;                    /* NetctlHost: the others; empty while there is one */
} NetctlPlan;

/* What passed since the kernel's counters began, which they do anew with each tap. */
typedef struct
{
  guint64 bytes_in, bytes_out; /* seen from the guest; with their Ethernet headers */
  guint64 packets;
} NetctlCount;

typedef struct
{
  guint32 port; /* its index */
  NetctlCount all;
  NetctlCount outside; /* of it, what passed under the host's address, if that has a bound */
} NetctlPortUse;

typedef struct
{
  NetctlPrefix address;
  NetctlCount all; /* what is within its bounds, if it has any */
} NetctlPublicUse;

typedef struct
{
  GArray *ports;   /* NetctlPortUse */
  GArray *publics; /* NetctlPublicUse */
} NetctlUse;
NetctlUse *netctl_use_new (void); /* with empty arrays */
void netctl_use_free (NetctlUse *use);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlUse, netctl_use_free)

void netctl_vpc_free (NetctlVpc *vpc);
void netctl_remote_free (NetctlRemote *remote);
void netctl_group_free (NetctlGroup *group);
void netctl_port_free (NetctlPort *port);
NetctlVpc *netctl_vpc_new (void);     /* with empty arrays */
NetctlGroup *netctl_group_new (void); /* likewise */
NetctlPort *netctl_port_new (void);   /* likewise */
NetctlRemote *netctl_remote_new (void);
NetctlPlan *netctl_plan_new (void); /* arrays that own their elements */
void netctl_plan_free (NetctlPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlVpc, netctl_vpc_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlGroup, netctl_group_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlPort, netctl_port_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlPlan, netctl_plan_free)

/* "et%08x": the name the hypervisor must give the port's tap. The caller frees it. */
char *netctl_port_tap_name (guint32 port_index);

/* Answers a guest's metadata request. @vpc and @peer (text) identify the port beyond doubt, since
 * spoofed sources never reach the socket. @path starts with '/', e.g.
 * "/latest/meta-data/instance-id". Sets @out_body and returns an HTTP status: 200, 404, … Called on
 * a thread of netctl's own; may block. */
typedef guint (*NetctlMetadataFunc) (guint32 vpc, const char *peer, const char *method,
                                     const char *path, GHashTable *headers, GBytes **out_body,
                                     gpointer data);

typedef struct
{
  const char *run_dir;          /* hosts files and pid files of the DHCP servers */
  const char *const *dns;       /* NULL-terminated upstream name servers */
  const char *const *ntp;       /* NULL-terminated time servers given to guests; may be NULL */
  const char *public_interface; /* the host's link on which public addresses are answered for by
                                   ARP; NULL: they are routed to the host by other means */
  NetctlMetadataFunc metadata;
  gpointer metadata_data;
} NetctlConfig;

/* The calls, as a table so that a fake can stand in for fault injection. All idempotent. */
typedef struct Netctl Netctl;
typedef struct
{
  /* Namespace, base rules, gateway, metadata socket, DHCP server, NAT. */
  gboolean (*vpc_apply) (Netctl *net, const NetctlVpc *vpc, GError **error);
  /* Takes the namespace and all in it away. Refused (BUSY) while a tap is inside. */
  gboolean (*vpc_remove) (Netctl *net, guint32 vpc_index, GError **error);
  /* Rules of a group in its VPC; touches only the chains that contain it. */
  gboolean (*group_apply) (Netctl *net, const NetctlGroup *group, GError **error);
  /* Refused (BUSY) while a port is in the group. */
  gboolean (*group_remove) (Netctl *net, guint32 vpc_index, guint32 group_index, GError **error);
  /* Before the guest exists: DHCP line and rules, so that the port is complete the moment its tap
   * appears. */
  gboolean (*port_prepare) (Netctl *net, const NetctlPort *port, GError **error);
  /* The tap exists (host namespace, or already moved): move, configure, up. The VPC and the groups
   * must have been applied. */
  gboolean (*port_attach) (Netctl *net, const NetctlPort *port, GError **error);
  /* Rules, set elements, DHCP line, route, neighbour, flows; the tap itself is the hypervisor's. */
  gboolean (*port_detach) (Netctl *net, const NetctlPort *port, GError **error);
  /* Makes the host equal to @plan: applies all, removes every namespace, element, chain and DHCP
   * server of ours that @plan lacks. Flows that @plan allows go on. A tap that @plan lacks but a
   * process still holds is closed and left, and so is its namespace. Each object is tried; the
   * first failure is returned. The first call of a process: until then a call on a VPC whose
   * namespace an earlier process left with taps inside is refused (BUSY). */
  gboolean (*reconcile) (Netctl *net, const NetctlPlan *plan, GError **error);
  /* For the operator: one line an object (namespace, link, address, route, neighbour, rule,
   * element, DHCP client), sorted, in one form for both, so that their difference is what is wrong.
   * @plan as it would be, and what the kernel has. Neither changes anything. The caller frees the
   * text. */
  gboolean (*print_plan) (Netctl *net, const NetctlPlan *plan, char **out, GError **error);
  gboolean (*print_kernel) (Netctl *net, char **out, GError **error);
  /* Appends what the ports with a tap and the bounded public addresses have carried. Two lists of
   * the kernel for each VPC, whatever the number of its ports; a VPC is held up only while its own
   * are read. */
  gboolean (*use) (Netctl *net, NetctlUse *out, GError **error);
  void (*free) (Netctl *net);
} NetctlClass;

struct Netctl
{
  const NetctlClass *class;
};

/* The kernel's. Needs CAP_NET_ADMIN and CAP_SYS_ADMIN. Closes the host namespace for our taps first
 * of all. */
Netctl *netctl_new (const NetctlConfig *config, GError **error);
/* One that only remembers; for tests of the control plane. See netctl-fake.h for failing calls. */
Netctl *netctl_fake_new (void);
void netctl_free (Netctl *net);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Netctl, netctl_free)
