/** The columns of tables: those that many resources have, and how one is made. */
import type { Column } from './definition.ts';

export const column = (
  name: string,
  description: string,
  options: Partial<Column> = {},
): Column => ({
  name,
  type: 'string',
  format: '',
  description,
  priority: 0,
  ...options,
});

/** Shown with `-o wide` only. */
export const wide = (name: string, description: string): Column =>
  column(name, description, { priority: 1 });

export const NAME = column('Name', 'The name of the object.', { format: 'name' });
export const AGE = column(
  'Age',
  'How long ago the object was created, by the clock of the server.',
);
/** For resources that have no other columns. */
export const CREATED = column('Created At', 'When the object was created.', { type: 'date' });
