/** A person of the story that development, the tour and the tests tell. */
export interface DevelopmentUser {
  readonly name: string;
  readonly about: string;
  /** `null`: an operator, who belongs to no network. */
  readonly networkId: number | null;
  /** What `seedDevelopment` makes of them; partner users are linked when their partner exists. */
  readonly employee?: {
    readonly employeeId: number;
    readonly superUser: boolean;
    readonly permissions: readonly string[];
    readonly scope: 'global' | 'limited';
  };
  readonly partnerId?: number;
}

export const DEVELOPMENT_NETWORKS: readonly {
  readonly networkId: number;
  readonly name: string;
  readonly region: 'us' | 'eu';
}[] = [
  { networkId: 101, name: 'Acme Network', region: 'us' },
  { networkId: 102, name: 'Northwind Network', region: 'eu' },
];

export const DEVELOPMENT_USERS: readonly DevelopmentUser[] = [
  { name: 'olivia', about: 'operator: creates networks, belongs to none', networkId: null },
  {
    name: 'sam',
    about: 'super user of network 101',
    networkId: 101,
    employee: { employeeId: 1, superUser: true, permissions: [], scope: 'global' },
  },
  {
    name: 'max',
    about: 'partner manager, only of the partners assigned to employee 11',
    networkId: 101,
    employee: {
      employeeId: 11,
      superUser: false,
      permissions: [
        'partners.read',
        'partners.manage',
        'partner.api_keys.read',
        'partner.api_keys.manage',
        'partner.api_keys.reveal',
      ],
      scope: 'limited',
    },
  },
  {
    name: 'kim',
    about: 'key manager, of all partners',
    networkId: 101,
    employee: {
      employeeId: 3,
      superUser: false,
      permissions: [
        'network.read',
        'partners.read',
        'partner.api_keys.read',
        'partner.api_keys.manage',
        'partner.api_keys.reveal',
      ],
      scope: 'global',
    },
  },
  {
    name: 'cora',
    about: 'compliance reviewer: reads the audit trail',
    networkId: 101,
    employee: {
      employeeId: 4,
      superUser: false,
      permissions: ['network.read', 'partners.read', 'partner.api_keys.read', 'audit.read'],
      scope: 'global',
    },
  },
  { name: 'pat', about: 'user of partner 2001', networkId: 101, partnerId: 2001 },
  {
    name: 'nora',
    about: 'super user of network 102',
    networkId: 102,
    employee: { employeeId: 1, superUser: true, permissions: [], scope: 'global' },
  },
];
