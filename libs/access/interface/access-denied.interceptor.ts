import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { catchError, throwError, type Observable } from 'rxjs';
import { DomainError } from '#kernel';
import { AccessDenials } from '../ports/access-denials.port.js';
import { requestOf } from './request.js';

/** Global: a handler's `access/forbidden` becomes an `AccessDenied`. What the gate refused, the gate has recorded. */
@Injectable()
export class AccessDeniedInterceptor implements NestInterceptor {
  constructor(private readonly denials: AccessDenials) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((error: unknown) => {
        if (error instanceof DomainError && error.code === 'access/forbidden') {
          const { principal, clientAddress } = requestOf(context);
          this.denials.record({ code: error.code, principal, ip: clientAddress });
        }
        return throwError(() => error);
      }),
    );
  }
}
